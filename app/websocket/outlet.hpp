// The OUTLET is where a batcher, on its own thread, meets the session, on Asio's.
#pragma once

#include "app/websocket/debt.hpp"
#include "app/websocket/presence.hpp"
#include "app/websocket/transport.hpp"
#include "messages/ws_outlet.hpp"

#include <atomic>
#include <cstdint>
#include <memory>

namespace sluice::websocket {

/// What a batcher asks of the reading half; called on the Asio thread.
class reading_half {
public:
  virtual ~reading_half() = default;
  virtual void on_no_room() = 0;
  /// What is owed fell below its limit.
  virtual void on_settled() = 0;
  virtual void on_farewell() = 0;
  virtual void on_end() = 0;
};

class outlet final : public ws_outlet {
public:
  outlet(presence::token here, std::shared_ptr<transport> to,
         std::weak_ptr<reading_half> other, std::shared_ptr<debt> owed,
         std::shared_ptr<std::atomic<uint64_t>> sent)
      : here_(std::move(here)), to_(std::move(to)), other_(std::move(other)),
        owed_(std::move(owed)), sent_(std::move(sent)) {}

  /// A batcher that died has said nothing.
  ~outlet() override { tell(&reading_half::on_end); }

  outlet(const outlet&) = delete;
  outlet& operator=(const outlet&) = delete;

  std::optional<size_t> write(std::span<const std::string_view> pieces) override;
  void answered() override;
  void farewell() override { tell(&reading_half::on_farewell); }
  void end() override { tell(&reading_half::on_end); }

private:
  void tell(void (reading_half::*what)());

  /// First, so that it outlives what needs the Asio context.
  presence::token here_;
  std::shared_ptr<transport> to_;
  std::weak_ptr<reading_half> other_;
  std::shared_ptr<debt> owed_;
  /// Bytes of all clients.
  std::shared_ptr<std::atomic<uint64_t>> sent_;
};

} // namespace sluice::websocket
