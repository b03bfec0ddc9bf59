// FRAMING says where a request ends. Who stands between a client and us must find the
// same end, or a request can be hidden in another: so whatever two readers may take in
// two ways is refused, even where a standard leaves the choice.
#pragma once

#include <boost/beast/core/string_type.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::http {

/// What is wrong with a header that could be read; empty if nothing is.
std::string_view fault_in(const boost::beast::http::request_header<>& x);

/// Whether a line goes on in the next one. `lines` are whole.
bool is_folded(std::string_view lines);

/// Looks at the line before each chunk: how long its number is, and what follows that,
/// which nobody here has a use for.
class chunk_lines {
public:
  /// What is read next of the body lies here.
  void begin(const char* bytes) { bytes_ = bytes; }
  /// So much of it was taken.
  void pass(size_t bytes) { passed_ += bytes; }

  /// Called by the parser, with what stands behind the number.
  void operator()(uint64_t chunk_bytes, boost::beast::string_view extensions,
                  boost::system::error_code& code);

private:
  const char* bytes_ = nullptr;
  uint64_t passed_ = 0;
  /// Where the next line begins, from the body's beginning on.
  uint64_t line_ = 0;
  uint64_t chunks_bytes_ = 0;
  uint64_t extensions_bytes_ = 0;
};

} // namespace sluice::http
