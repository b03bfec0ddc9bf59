// What one key of the configuration is: its name, what it accepts, and where in
// `settings` it lands. Defaults are not repeated here: they are what a fresh
// `settings` holds.
#pragma once

#include "app/config/settings.hpp"

#include <caf/timespan.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice::config {

/// A value as it travels from its layer to its field.
using value =
  std::variant<bool, uint64_t, caf::timespan, std::string, std::vector<std::string>>;

/// Where a value lands. The type of the field is the type of the key.
using field = std::variant<bool*, uint16_t*, uint64_t*, caf::timespan*, std::string*,
                           std::vector<std::string>*>;

/// Follows pointers to members from a whole `settings` to one field of it.
template <auto... Path>
field at(settings& whole) {
  return &(whole.*....*Path);
}

/// The values that a key accepts.
struct domain {
  /// Of a count or a size, the bounds, both included.
  uint64_t least = 0;
  uint64_t most = 0;
  /// Of a word, all there are.
  std::vector<std::string_view> choices = {};
  /// Whether a number counts bytes, and may have a unit of them.
  bool is_size = false;
  /// A time or a count may be 0, or a text empty; this says what that means.
  std::string_view when_none = {};
  /// Of a list, what each item must be, and how that is said.
  bool (*fits)(std::string_view) = nullptr;
  std::string_view items = {};
  /// A text is to be the rights of a file.
  bool is_mode = false;
};

domain counts(uint64_t most = 10'000'000);
domain counts_or_zero(std::string_view meaning, uint64_t most);
domain sizes(uint64_t least = 4096);
domain ports();
domain times();
domain times_or_zero(std::string_view meaning);
domain text();
domain text_or_none(std::string_view meaning);
domain words(std::vector<std::string_view> choices);
domain either();
domain lists(bool (*fits)(std::string_view), std::string_view items);
/// Rights of files, in octal.
domain modes();

struct key {
  std::string_view name;
  field (*where)(settings&);
  domain accepts;
  /// One line, without a full stop.
  std::string_view meaning;
  /// Whether it can be changed while the service runs.
  bool live = false;
};

/// The rights that octal digits mean, if a file of ours may have them.
std::optional<uint32_t> read_mode(std::string_view text);

/// Reads the key's value as it stands in `from`.
value load(const key& which, const settings& from);

/// Writes a value that was accepted.
void store(const key& which, settings& to, const value& what);

/// Whether `what` has the key's type and lies within its bounds.
bool accepts(const key& which, const value& what);

/// Reads a value as the command line spells it: strings bare, lists with commas.
/// None if the key does not accept it.
std::optional<value> read(const key& which, std::string_view text);

/// Reads a number as the key has it: whole, and of a size with its unit.
std::optional<uint64_t> read_amount(const key& which, std::string_view text);

/// Says in words what the key accepts.
std::string allowed(const key& which);

} // namespace sluice::config
