#include "app/config/invalid.hpp"

#include "actors/detail/nearest.hpp"
#include "app/config/advice.hpp"
#include "app/config/keys.hpp"
#include "app/config/text.hpp"
#include "messages/error.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

namespace sluice::config {

namespace {

// In small letters, however they are joined.
std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> result(1);
  for (char c : name) {
    if (c == '.' || c == '-' || c == '_')
      result.emplace_back();
    else
      result.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

std::string joined(const std::vector<std::string>& words) {
  std::string result;
  for (const auto& each : words)
    result += each;
  return result;
}

// A word that the key has and the name has not is a slip of the memory, and costs half
// of what a wrong letter does; a word that is quite another costs no more than that.
constexpr size_t letter_cost = 2;
constexpr size_t letters_max = 3;

size_t strangeness(const std::vector<std::string>& name,
                   const std::vector<std::string>& key) {
  const auto spelled = letter_cost * detail::distance(joined(name), joined(key));
  size_t cost = key.size() - std::min(key.size(), name.size());
  for (const auto& word : name) {
    auto nearest = letters_max;
    for (const auto& each : key)
      nearest = std::min(nearest, detail::distance(word, each));
    cost += letter_cost * nearest;
  }
  return std::min(spelled, cost);
}

std::string_view nearest_key(std::string_view name) {
  const auto written = words_of(name);
  const auto& table = keys();
  return std::min_element(table.begin(), table.end(),
                          [&](const key& a, const key& b) {
                            return strangeness(written, words_of(a.name))
                                   < strangeness(written, words_of(b.name));
                          })
    ->name;
}

} // namespace

caf::error invalid(std::string_view what) {
  return caf::make_error(ec::invalid_setting, "invalid setting " + std::string{what});
}

caf::error invalid_value(const key& which, std::string_view spelling,
                         std::string_view where) {
  const auto advice = advised(which, spelling);
  return invalid(std::string{which.name} + " = " + shown(spelling) + " (" + shown(where)
                 + "): allowed is " + allowed(which)
                 + (advice.empty() ? "" : "; write " + advice));
}

caf::error unknown_key(std::string_view name, std::string_view spelling,
                       std::string_view where) {
  const auto known = shown(name);
  return invalid(known + " = " + shown(spelling) + " (" + shown(where)
                 + "): there is no such key; the nearest is "
                 + std::string{nearest_key(known)});
}

} // namespace sluice::config
