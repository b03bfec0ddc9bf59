// The one list of errors that actors answer with. The text beside a code says
// what happened in words a client may read.
#pragma once

#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

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

/// Whether an actor that ends so was told to.
inline bool ends_in_order(const caf::error& why) {
  return !why || why == caf::exit_reason::user_shutdown;
}

/// Whether nobody has answered: who was asked has died, failed, or was never there.
inline bool is_no_answer(const caf::error& err) {
  return err && err.category() != caf::atom("sluice");
}

/// A request that is wrong.
inline caf::error invalid_argument(std::string text) {
  return caf::make_error(ec::invalid_argument, std::move(text));
}

/// What an error of CAF's own means to whoever asked, in words a client may read: CAF's
/// describe its messages and handles, which are no business of theirs.
inline std::string text_of_caf(const caf::error& err) {
  if (err == caf::sec::request_timeout)
    return "the answer took too long; what was asked for may still be done";
  if (err.category() == caf::atom("exit") || err == caf::sec::request_receiver_down) {
    std::string how = "has ended";
    if (err == caf::exit_reason::kill)
      how = "was killed";
    if (err == caf::exit_reason::unhandled_exception)
      how = "failed with an exception";
    return "the part of the service behind this " + how
           + "; whether what it worked on was done is not known";
  }
  if (err.category() == caf::atom("system"))
    return "the service failed within itself while it worked on this; its log tells more";
  return "this cannot be used: it is malformed, or of another type";
}

/// Returns the words that came with `err`; the code's name, or a sentence about CAF's
/// code, if there are none.
inline std::string text_of(const caf::error& err) {
  const auto& context = err.context();
  if (context.match_elements<std::string>())
    return context.get_as<std::string>(0);
  if (!err || err.category() == caf::atom("sluice"))
    return to_string(code_of(err));
  return text_of_caf(err);
}

} // namespace sluice
