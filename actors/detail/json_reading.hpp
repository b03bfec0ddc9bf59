// What every reader of JSON that comes in is made of: simdjson stays behind these.
#pragma once

#include "messages/error.hpp"

#include <caf/expected.hpp>

#include <simdjson.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::json {

namespace dom = simdjson::dom;

/// `invalid_argument`, with words a client may read.
caf::error invalid(std::string text);

/// A name that is told back, behind a blank, unless it would make the answer as long as
/// what was sent.
std::string quoted_if_short(std::string_view name);

/// One text being read, by the thread's own parser: at most one at a time.
class reading {
public:
  /// With `padded`, the bytes behind `text` may be read, and nothing is copied.
  reading(std::string_view text, bool padded);

  explicit reading(const std::string& text)
      : reading(text, text.capacity() - text.size() >= simdjson::SIMDJSON_PADDING) {}

  reading(const reading&) = delete;
  reading& operator=(const reading&) = delete;

  ~reading();

  caf::error error() const;

  /// Valid as long as the reading, if there is no error.
  dom::element root() const { return root_; }

private:
  void parse(std::string_view text, bool padded, size_t depth);

  simdjson::error_code code_ = simdjson::SUCCESS;
  dom::element root_;
};

/// What to do with a body's member. Whatever is not named is refused: a member with a
/// typo must not go unnoticed.
struct field {
  const char* name;
  bool required;
  std::function<caf::error(dom::element)> read;
};

caf::error read_fields(dom::element x, const char* what, std::vector<field> fields);

/// Reads each element of an array that must have some.
field list_field(const char* name, std::function<caf::error(dom::element)> read);

/// Reads a body into `result`, which the fields refer to.
template <class T>
caf::expected<T> read_body(const std::string& text, const char* what, T& result,
                           std::vector<field> fields) {
  reading json{text};
  if (auto err = json.error())
    return err;
  if (auto err = read_fields(json.root(), what, std::move(fields)))
    return err;
  return std::move(result);
}

} // namespace sluice::json
