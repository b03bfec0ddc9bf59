// One JSON text being read by simdjson, for whoever takes JSON in. Only the sources
// beside this header include it, so that simdjson stays in this corner.
#pragma once

#include "actors/detail/json_index.hpp"
#include "actors/detail/json_input.hpp"

#include <simdjson.h>

#include <algorithm>
#include <bit>

namespace sluice::json {

namespace dom = simdjson::dom;

/// A longer text's buffers, some 14 times its length, are not kept.
constexpr size_t kept_capacity_max = 1'048'576;

inline caf::error invalid(std::string text) {
  return caf::make_error(ec::invalid_argument, std::move(text));
}

inline caf::error to_error(simdjson::error_code code) {
  switch (code) {
    case simdjson::DEPTH_ERROR:
      return invalid("JSON is nested deeper than " + std::to_string(depth_max));
    case simdjson::NUMBER_ERROR:
      return invalid("a JSON number is malformed, or past what a double or a 64-bit "
                     "integer holds");
    case simdjson::UTF8_ERROR:
      return invalid("JSON is not valid UTF-8");
    case simdjson::MEMALLOC:
      return caf::make_error(ec::overloaded, "no memory to read the JSON");
    default:
      return invalid(std::string{"not JSON: "} + simdjson::error_message(code));
  }
}

/// One text being read, by the thread's own parser: at most one at a time.
class reading {
public:
  /// With `padded`, the bytes behind `text` may be read, and nothing is copied.
  reading(std::string_view text, bool padded) {
    code_ = reserve(text.size());
    if (!code_)
      code_ = parser().parse(text.data(), text.size(), !padded).get(root_);
    // simdjson grants one level less where the innermost array or object has contents.
    if (code_ == simdjson::DEPTH_ERROR && nesting(text) <= depth_max) {
      code_ = parser().allocate(parser().capacity(), depth_max + 1);
      if (!code_)
        code_ = parser().parse(text.data(), text.size(), !padded).get(root_);
    }
  }

  explicit reading(const std::string& text)
      : reading(text, text.capacity() - text.size() >= simdjson::SIMDJSON_PADDING) {}

  reading(const reading&) = delete;
  reading& operator=(const reading&) = delete;

  ~reading() {
    if (parser().capacity() > kept_capacity_max)
      parser() = dom::parser{};
  }

  caf::error error() const { return code_ ? to_error(code_) : caf::error{}; }

  /// Valid as long as the reading, if there is no error.
  dom::element root() const { return root_; }

private:
  static dom::parser& parser() {
    thread_local dom::parser instance;
    return instance;
  }

  /// Grows by powers of two, so that lines of rising length do not each reallocate.
  static simdjson::error_code reserve(size_t bytes) {
    auto capacity = parser().capacity();
    if (capacity < bytes || capacity == 0) {
      capacity =
        bytes < kept_capacity_max ? std::bit_ceil(std::max<size_t>(bytes, 4096)) : bytes;
      if (auto code = parser().doc.allocate(capacity))
        return code;
    }
    return parser().allocate(capacity, depth_max);
  }

  simdjson::error_code code_ = simdjson::SUCCESS;
  dom::element root_;
};

} // namespace sluice::json
