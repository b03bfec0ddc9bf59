// The one list of errors that actors answer with. The text beside a code says
// what happened in words a client may read.
#pragma once

#include <caf/error.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>

#include <cstdint>
#include <string>

namespace sluice {

enum class ec : uint8_t {
  /// No error.
  none = 0,
  /// The request is malformed; sending it again cannot help.
  invalid_argument = 1,
  /// What was asked for does not exist.
  not_found = 2,
  /// The request, or its answer, is larger than its limit.
  too_large = 3,
  /// The database refused a statement; the text is the database's own.
  refused = 4,
  /// Too much is waiting; try again later.
  overloaded = 5,
  /// The service is draining and takes nothing new.
  stopping = 6,
  /// A dependency is down; try again later.
  unavailable = 7,
  /// The disk is full, or a store is at its limit.
  disk_full = 8,
  /// The disk refused a read, a write or a sync.
  disk_failed = 9,
  /// An invalid setting.
  invalid_setting = 10,
};

/// Returns the code's name in kebab case, as clients see it.
inline std::string to_string(ec code) {
  switch (code) {
    case ec::none:
      return "none";
    case ec::invalid_argument:
      return "invalid-argument";
    case ec::not_found:
      return "not-found";
    case ec::too_large:
      return "too-large";
    case ec::refused:
      return "refused";
    case ec::overloaded:
      return "overloaded";
    case ec::stopping:
      return "stopping";
    case ec::unavailable:
      return "unavailable";
    case ec::disk_full:
      return "disk-full";
    case ec::disk_failed:
      return "disk-failed";
    case ec::invalid_setting:
      return "invalid-setting";
  }
  return "unknown";
}

} // namespace sluice

CAF_ERROR_CODE_ENUM(sluice::ec, "sluice")

namespace sluice {

/// Returns the code of `err`, or `ec::unavailable` where CAF itself reports it
/// (a dead receiver, a timeout).
inline ec code_of(const caf::error& err) {
  if (!err)
    return ec::none;
  if (err.category() == caf::atom("sluice"))
    return static_cast<ec>(err.code());
  return ec::unavailable;
}

/// A request that is wrong.
inline caf::error invalid_argument(std::string text) {
  return caf::make_error(ec::invalid_argument, std::move(text));
}

/// Returns the words that came with `err`, or the code's name if there are none.
inline std::string text_of(const caf::error& err) {
  const auto& context = err.context();
  if (context.match_elements<std::string>())
    return context.get_as<std::string>(0);
  if (err.category() == caf::atom("sluice"))
    return to_string(code_of(err));
  return caf::to_string(err);
}

} // namespace sluice
