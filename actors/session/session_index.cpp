#include "actors/session/session_index.hpp"

#include "actors/detail/json_input.hpp"

#include <algorithm>
#include <functional>
#include <tuple>

namespace sluice {

namespace {

using aged = std::pair<int64_t, std::string_view>;

/// Doubtful times are newer than right ones, and have an order among each other.
bool is_older(const aged& a, const aged& b) {
  auto rank = [](const aged& x) {
    auto doubtful = is_doubtful(x.first);
    return std::tuple{doubtful, doubtful ? -x.first : x.first, x.second};
  };
  return rank(a) < rank(b);
}

uint64_t size_of(std::string_view key, const indexed_document& x) {
  return key.size() + x.where.document.length;
}

} // namespace

const indexed_document* session_index::find(std::string_view key) const {
  auto found = all_.find(key);
  return found == all_.end() ? nullptr : &found->second;
}

void session_index::set(const std::string& key, const indexed_document& x) {
  auto [place, fresh] = all_.try_emplace(key);
  if (!fresh)
    bytes_ -= size_of(key, place->second);
  place->second = x;
  bytes_ += size_of(key, x);
}

void session_index::erase(const std::string& key) {
  auto found = all_.find(key);
  if (found == all_.end())
    return;
  bytes_ -= size_of(key, found->second);
  all_.erase(found);
}

void session_index::clear() {
  all_.clear();
  bytes_ = 0;
}

void session_index::set_time(const std::string& key, int64_t updated_at_ms) {
  auto found = all_.find(key);
  if (found == all_.end())
    return;
  found->second.updated_at_ms = updated_at_ms;
  found->second.own_time = false;
}

void session_index::set_seq(const std::string& key, uint64_t seq) {
  if (auto found = all_.find(key); found != all_.end())
    found->second.seq = std::max(found->second.seq, seq);
}

void session_index::forget_numbers() {
  for (auto& [key, x] : all_)
    x.seq = 0;
}

void session_index::move_to_snapshot(const std::vector<text_range>& places) {
  auto place = places.begin();
  for (auto& [key, x] : all_) {
    x.in_journal = false;
    x.where = {*place++, {}};
  }
}

std::vector<std::string> session_index::excess(const session_prune& x) const {
  std::vector<aged> oldest_first;
  oldest_first.reserve(all_.size());
  for (auto& [key, document] : all_)
    oldest_first.emplace_back(document.updated_at_ms, key);
  std::sort(oldest_first.begin(), oldest_first.end(), is_older);
  auto too_many = all_.size() - std::min<uint64_t>(x.max_entries, all_.size());
  std::vector<std::string> keys;
  for (auto& [updated_at_ms, key] : oldest_first) {
    auto old = !is_doubtful(updated_at_ms) && updated_at_ms < x.older_than_ms;
    if (!old && keys.size() >= too_many)
      break;
    keys.emplace_back(key);
  }
  return keys;
}

std::vector<std::pair<std::string, int64_t>>
session_index::undated(int64_t right_now_ms) const {
  std::vector<aged> oldest_first;
  for (auto& [key, document] : all_)
    if (is_doubtful(document.updated_at_ms))
      oldest_first.emplace_back(document.updated_at_ms, key);
  std::sort(oldest_first.begin(), oldest_first.end(), is_older);
  auto time_ms = right_now_ms - static_cast<int64_t>(oldest_first.size());
  std::vector<std::pair<std::string, int64_t>> result;
  for (auto& [updated_at_ms, key] : oldest_first)
    result.emplace_back(key, ++time_ms);
  return result;
}

uint64_t hash_of(std::string_view document) {
  return std::hash<std::string_view>{}(document);
}

indexed_document index_document(bool in_journal, document_range where,
                                const std::string& document,
                                std::optional<int64_t> told_ms, int64_t default_ms) {
  indexed_document x;
  auto own = json::updated_at_ms(document);
  x.in_journal = in_journal;
  x.own_time = own >= 0 && told_ms.value_or(own) == own;
  x.where = where;
  x.hash = hash_of(document);
  x.updated_at_ms = told_ms.value_or(own >= 0 ? own : default_ms);
  return x;
}

} // namespace sluice
