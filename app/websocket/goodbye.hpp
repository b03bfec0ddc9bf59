// Which code a client says goodbye with, and which one it is told. Beast judges codes by
// an older list than RFC 6455's registry: it refuses 1014, and takes what is past 4999.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::websocket {

/// Follows a client's frames up to its Close frame.
class goodbye {
public:
  /// Looks at the next bytes that came.
  void look(std::string_view bytes);

  /// The code of the Close frame, once it is there.
  std::optional<uint16_t> code() const { return code_; }

private:
  size_t header_bytes() const;
  uint64_t payload_bytes() const;
  void on_header();
  void on_code();

  /// A frame's header: what is there of it, then the code behind it.
  std::array<uint8_t, 16> head_ = {};
  size_t known_ = 0;
  size_t wanted_ = 2;
  /// Of the payload, what is to come.
  uint64_t left_ = 0;
  std::optional<uint16_t> code_;
  /// A Close frame came, with a code or without.
  bool over_ = false;
};

/// The frame that answers a client who left with `code`, where Beast would send `frame`.
std::string answer_to_goodbye(std::string frame, std::optional<uint16_t> code);

} // namespace sluice::websocket
