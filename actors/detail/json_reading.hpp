// What every reader of JSON that comes in is made of: simdjson stays behind these.
#pragma once

#include "actors/detail/json_grammar.hpp"
#include "messages/credit.hpp"
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

/// The same for a fault of `text`, with its place.
caf::error told(const fault& x, std::string_view text, bool with_line = true);

/// A text that is told back; dots for one that would make the answer as long as what was
/// sent.
std::string shown(std::string_view text);

/// A name that is told back, behind a blank, unless it would make the answer as long as
/// what was sent.
std::string quoted_if_short(std::string_view name);

/// Pays for what is made of a body's values, as it grows: they take more memory than the
/// text they came in. What is not much is free.
class payment {
public:
  explicit payment(credit from) : from_(std::move(from)) {}

  /// `overloaded` if others hold too much, `too_large` if it is too much for anybody.
  caf::error take(size_t bytes);

private:
  static constexpr size_t free_bytes = 16'384;
  static constexpr size_t step_bytes = 65'536;

  credit from_;
  size_t taken_ = 0;
  size_t paid_ = free_bytes;
};

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

  bool failed() const { return code_ != simdjson::SUCCESS; }

  /// Says where the fault is, and names the value if it is that.
  caf::error error() const;

  /// Valid as long as the reading, if there is no error.
  dom::element root() const { return root_; }

private:
  std::string_view text_;
  simdjson::error_code code_;
  dom::element root_;
};

/// Why a text cannot be read, with the place.
caf::error fault_in(std::string_view text);

/// Whether a number or a string of JSON can become a program's value.
bool is_held(std::string_view scalar);

/// Puts a step in front of an error's text, `.name` or `[index]`: so that what goes up
/// from a value to its body tells the way to it.
caf::error behind(const std::string& step, const caf::error& err);

/// What to do with a body's member. Whatever is not named is refused: a member with a
/// typo must not go unnoticed.
struct field {
  const char* name;
  bool required;
  std::function<caf::error(dom::element)> read;
};

caf::error read_fields(dom::element x, const char* what, std::vector<field> fields);

/// An array that must have some elements, and how each is read.
struct element_list {
  const char* name;
  std::function<caf::error(dom::element)> read;
};

/// The way begins with a name.
caf::error without_dot(const caf::error& err);

/// The member that such an array is.
field list_field(element_list list);

/// Reads a body that is a list and a little more. A long one is read piece by piece:
/// taken apart as a whole it would take many times its length.
caf::error read_listing(const std::string& text, const char* what,
                        std::vector<field> fields, const element_list& list);

/// Reads a body into `result`, which the fields refer to.
template <class T>
caf::expected<T> read_body(const std::string& text, const char* what, T& result,
                           std::vector<field> fields) {
  reading json{text};
  if (auto err = json.error())
    return err;
  if (auto err = read_fields(json.root(), what, std::move(fields)))
    return without_dot(err);
  return std::move(result);
}

} // namespace sluice::json
