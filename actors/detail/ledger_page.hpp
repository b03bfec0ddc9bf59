// What an actor has booked in the ledger and not told yet.
#pragma once

#include "messages/metrics_aggregator.hpp"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::detail {

class ledger_page {
public:
  explicit ledger_page(std::string_view subsystem) : subsystem_(subsystem) {}

  /// Somebody asked for that many items to be written.
  void ask(const std::string& name, uint64_t requests, uint64_t bytes) {
    auto& account = accounts_[name];
    account.requests += requests;
    account.bytes_requested += bytes;
  }

  /// That was done for it.
  void spend(const std::string& name, const io_counts& io) {
    if (io.writes == 0 && io.syncs == 0)
      return;
    auto& account = accounts_[name];
    account.writes += io.writes;
    account.bytes_written += io.write_bytes;
    account.syncs += io.syncs;
  }

  std::vector<ledger_entry> take() {
    std::vector<ledger_entry> result;
    result.reserve(accounts_.size());
    for (auto& [name, counts] : std::exchange(accounts_, {}))
      result.push_back({std::string{subsystem_}, name, counts});
    return result;
  }

private:
  std::string_view subsystem_;
  std::map<std::string, ledger_counts> accounts_;
};

} // namespace sluice::detail
