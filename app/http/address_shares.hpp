// The SHARES that the addresses of clients have in the connections: so many each, so that
// one of them cannot take all there are.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace sluice::http {

class address_shares {
  using counts = std::map<std::string, uint64_t>;

public:
  /// One connection's part. It ends with this, on the thread that took it.
  class share {
  public:
    share() = default;
    share(std::shared_ptr<counts> of, counts::iterator which)
        : of_(std::move(of)), which_(which) {}
    share(share&& other) noexcept
        : of_(std::exchange(other.of_, nullptr)), which_(other.which_) {}
    share& operator=(share&& other) noexcept {
      std::swap(of_, other.of_);
      std::swap(which_, other.which_);
      return *this;
    }
    ~share() {
      if (of_ && --which_->second == 0)
        of_->erase(which_);
    }

  private:
    std::shared_ptr<counts> of_;
    counts::iterator which_ = {};
  };

  explicit address_shares(uint64_t each_max) : each_max_(each_max) {}

  /// None if `who` has all that it may have. Who is nobody is not counted.
  std::optional<share> take(const std::string& who) {
    if (who.empty())
      return share{};
    const auto which = counts_->try_emplace(who, 0).first;
    if (which->second >= each_max_)
      return std::nullopt;
    ++which->second;
    return share{counts_, which};
  }

private:
  uint64_t each_max_;
  std::shared_ptr<counts> counts_ = std::make_shared<counts>();
};

} // namespace sluice::http
