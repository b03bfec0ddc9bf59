#include "app/line_limits.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

/// Past so many kinds the rest count as one: an id that is none must not add up.
constexpr size_t kinds_max = 256;
constexpr std::string_view other_kinds = "other-lines";

} // namespace

std::string line_limits::pass(std::string_view kind, std::string line,
                              clock::time_point now) {
  const std::lock_guard lock{guard_};
  auto known = kinds_.find(kind);
  if (known == kinds_.end()) {
    if (kinds_.size() >= kinds_max)
      kind = other_kinds;
    known = kinds_.try_emplace(std::string{kind}).first;
  }
  auto& of = known->second;
  // One more for each interval that has passed.
  const auto passed = static_cast<uint64_t>((now - of.since) / interval);
  if (passed > 0) {
    of.left = std::min(at_once_max, of.left + passed);
    of.since = now;
  }
  if (of.left == 0) {
    ++of.held_back;
    ++held_back_;
    return {};
  }
  --of.left;
  return tell_held_back(known->first, of) + line;
}

std::string line_limits::rest() {
  const std::lock_guard lock{guard_};
  std::string result;
  for (auto& [kind, of] : kinds_)
    result += tell_held_back(kind, of);
  return result;
}

std::string line_limits::tell_held_back(std::string_view kind, kind_state& of) const {
  const auto lines = std::exchange(of.held_back, 0);
  return lines == 0 ? std::string{} : tell_(kind, lines);
}

uint64_t line_limits::held_back() const {
  const std::lock_guard lock{guard_};
  return held_back_;
}

} // namespace sluice
