#include "app/config/key.hpp"

#include "app/config/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <type_traits>

namespace sluice::config {

namespace {

/// Of sizes in memory a few may be added up, where addresses have 32 bits too.
constexpr uint64_t size_max = std::min(uint64_t{1} << 40, uint64_t{SIZE_MAX / 4 + 1});

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};

template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

// The field is only asked for its type, or read: the caller's settings stay as they are.
field field_of(const key& which, const settings& from) {
  return which.where(const_cast<settings&>(from));
}

bool accepts_text(const domain& within, const std::string& what) {
  if (within.is_mode)
    return read_mode(what).has_value();
  if (!within.choices.empty())
    return std::find(within.choices.begin(), within.choices.end(), what)
           != within.choices.end();
  return is_printable(what) && (!what.empty() || !within.when_none.empty());
}

bool accepts_time(const domain& within, caf::timespan what) {
  if (what == caf::timespan::zero())
    return !within.when_none.empty();
  return what >= time_min && what <= time_max;
}

bool accepts_number(const domain& within, uint64_t what) {
  if (what == 0 && !within.when_none.empty())
    return true;
  return what >= within.least && what <= within.most;
}

bool accepts_list(const domain& within, const std::vector<std::string>& what) {
  return std::all_of(what.begin(), what.end(), within.fits);
}

std::optional<bool> read_switch(std::string_view text) {
  if (text == "true")
    return true;
  if (text == "false")
    return false;
  return std::nullopt;
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> result;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    result.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return result;
}

template <class T>
std::optional<value> lifted(std::optional<T> what) {
  if (!what)
    return std::nullopt;
  return value{std::move(*what)};
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string result;
  for (size_t i = 0; i < words.size(); ++i) {
    if (i > 0)
      result += i + 1 == words.size() ? " or " : ", ";
    result += words[i];
  }
  return result;
}

} // namespace

domain counts(uint64_t most) {
  return {.least = 1, .most = most};
}

domain counts_or_zero(std::string_view meaning, uint64_t most) {
  return {.least = 1, .most = most, .when_none = meaning};
}

domain sizes(uint64_t least) {
  return {.least = least, .most = size_max, .is_size = true};
}

domain ports() {
  return {.least = 0, .most = 65'535};
}

domain times() {
  return {};
}

domain times_or_zero(std::string_view meaning) {
  return {.when_none = meaning};
}

domain text() {
  return {};
}

domain text_or_none(std::string_view meaning) {
  return {.when_none = meaning};
}

domain words(std::vector<std::string_view> choices) {
  return {.choices = std::move(choices)};
}

domain either() {
  return {};
}

domain lists(bool (*fits)(std::string_view), std::string_view items) {
  return {.fits = fits, .items = items};
}

domain modes() {
  return {.is_mode = true};
}

std::optional<uint32_t> read_mode(std::string_view text) {
  constexpr uint32_t owners = 0600;
  constexpr uint32_t most = 0664;
  if (text.size() == 4 && text.front() == '0')
    text.remove_prefix(1);
  uint32_t bits = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, bits, 8);
  if (text.size() != 3 || read.ec != std::errc{} || read.ptr != end
      || (bits & owners) != owners || (bits & ~most) != 0)
    return std::nullopt;
  return bits;
}

value load(const key& which, const settings& from) {
  return std::visit(overloaded{
                      [](const uint16_t* source) { return value{uint64_t{*source}}; },
                      [](const auto* source) { return value{*source}; },
                    },
                    field_of(which, from));
}

void store(const key& which, settings& to, const value& what) {
  std::visit(overloaded{
               [&](uint16_t* target) {
                 *target = static_cast<uint16_t>(std::get<uint64_t>(what));
               },
               [&](auto* target) {
                 *target = std::get<std::remove_pointer_t<decltype(target)>>(what);
               },
             },
             which.where(to));
}

bool accepts(const key& which, const value& what) {
  const auto& within = which.accepts;
  if (what.index() != load(which, settings{}).index())
    return false;
  return std::visit(
    overloaded{
      [](bool) { return true; },
      [&](uint64_t number) { return accepts_number(within, number); },
      [&](caf::timespan span) { return accepts_time(within, span); },
      [&](const std::string& words) { return accepts_text(within, words); },
      [&](const std::vector<std::string>& items) { return accepts_list(within, items); },
    },
    what);
}

std::optional<value> read(const key& which, std::string_view text) {
  using result = std::optional<value>;
  const settings defaults;
  auto what =
    std::visit(overloaded{
                 [&](bool*) -> result { return lifted(read_switch(text)); },
                 [&](caf::timespan*) -> result { return lifted(read_time(text)); },
                 [&](std::string*) -> result { return value{std::string{text}}; },
                 [&](std::vector<std::string>*) -> result { return value{split(text)}; },
                 [&](auto*) -> result { return lifted(read_amount(which, text)); },
               },
               field_of(which, defaults));
  if (!what || !accepts(which, *what))
    return std::nullopt;
  return what;
}

std::optional<uint64_t> read_amount(const key& which, std::string_view text) {
  return which.accepts.is_size ? read_size(text) : read_number(text);
}

std::string allowed(const key& which) {
  const settings defaults;
  const auto& within = which.accepts;
  const auto none = [&](std::string_view spelling) {
    return within.when_none.empty() ? std::string{}
                                    : " or " + std::string{spelling} + " ("
                                        + std::string{within.when_none} + ")";
  };
  if (!within.choices.empty())
    return joined(within.choices);
  if (within.is_mode)
    return "octal rights from 0600 to 0664, without x, and w for others";
  return std::visit(
    overloaded{
      [](bool*) -> std::string { return "true or false"; },
      [&](caf::timespan*) {
        return "a whole number with ns us ms s min h from 1ms to 87600h" + none("0s");
      },
      [&](std::string*) { return "text" + none("empty"); },
      [&](std::vector<std::string>*) { return "a list of " + std::string{within.items}; },
      [&](auto*) {
        return "a whole number from " + std::to_string(within.least) + " to "
               + std::to_string(within.most)
               + (within.is_size ? ", of bytes or with K M G KiB MiB GiB" : "")
               + none("0");
      },
    },
    field_of(which, defaults));
}

} // namespace sluice::config
