#include "actors/detail/json_input.hpp"

#include "actors/detail/base64.hpp"
#include "actors/detail/json_index.hpp"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <functional>

#include <strings.h>

namespace sluice::json {

namespace {

namespace dom = simdjson::dom;

/// A longer text's buffers, some 14 times its length, are not kept.
constexpr size_t kept_capacity_max = 1'048'576;

caf::error invalid(std::string text) {
  return caf::make_error(ec::invalid_argument, std::move(text));
}

caf::error to_error(simdjson::error_code code) {
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
    parse(text, padded, depth_max);
    // simdjson grants one level less where the innermost array or object has contents.
    if (code_ == simdjson::DEPTH_ERROR && nesting(text) <= depth_max)
      parse(text, padded, depth_max + 1);
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

  void parse(std::string_view text, bool padded, size_t depth) {
    code_ = reserve(text.size(), depth);
    if (!code_)
      code_ = parser().parse(text.data(), text.size(), !padded).get(root_);
  }

  /// Grows by powers of two, so that lines of rising length do not each reallocate.
  static simdjson::error_code reserve(size_t bytes, size_t depth) {
    auto capacity = parser().capacity();
    if (capacity < bytes || capacity == 0) {
      capacity =
        bytes < kept_capacity_max ? std::bit_ceil(std::max<size_t>(bytes, 4096)) : bytes;
      if (auto code = parser().doc.allocate(capacity))
        return code;
    }
    return parser().allocate(capacity, depth);
  }

  simdjson::error_code code_ = simdjson::SUCCESS;
  dom::element root_;
};

// -- values of statements ----------------------------------------------------------

caf::error read_blob(dom::object object, sql_value& out) {
  std::string_view text;
  if (object.size() != 1 || object["$blob"].get(text))
    return invalid(R"(an object among the values must be {"$blob":"base64"})");
  auto bytes = detail::decode_base64(text);
  if (!bytes)
    return invalid("\"$blob\" must be base64, padded, without blanks");
  out = sql_blob{std::move(*bytes)};
  return {};
}

caf::error read_value(dom::element x, sql_value& out) {
  switch (x.type()) {
    case dom::element_type::NULL_VALUE:
      out = sql_null{};
      return {};
    case dom::element_type::BOOL:
      out = int64_t{x.get_bool().value_unsafe()};
      return {};
    case dom::element_type::INT64:
      out = x.get_int64().value_unsafe();
      return {};
    case dom::element_type::DOUBLE:
      out = x.get_double().value_unsafe();
      return {};
    case dom::element_type::STRING:
      out = std::string{x.get_string().value_unsafe()};
      return {};
    case dom::element_type::OBJECT:
      return read_blob(x.get_object().value_unsafe(), out);
    case dom::element_type::UINT64:
      return invalid("an integer among the values is past 64 bits with a sign");
    case dom::element_type::ARRAY:
      break;
  }
  return invalid("an array cannot be a value");
}

caf::error read_row(dom::element x, const char* what, sql_row& out) {
  dom::array values;
  if (x.get(values))
    return invalid(std::string{what} + " must be an array of values");
  out.reserve(values.size());
  for (auto element : values)
    if (auto err = read_value(element, out.emplace_back()))
      return err;
  return {};
}

// -- bodies ------------------------------------------------------------------------

/// What to do with a body's member. Whatever is not named is refused: a member with a
/// typo must not go unnoticed.
struct field {
  const char* name;
  bool required;
  std::function<caf::error(dom::element)> read;
};

caf::error read_fields(dom::element x, const char* what, std::vector<field> fields) {
  dom::object object;
  if (x.get(object))
    return invalid(std::string{what} + " must be an object");
  for (auto [name, value] : object) {
    auto same = [&, n = name](const field& y) { return n == y.name; };
    auto known = std::find_if(fields.begin(), fields.end(), same);
    if (known == fields.end())
      return invalid("unknown or repeated member \"" + std::string{name} + "\"");
    if (auto err = known->read(value))
      return err;
    fields.erase(known);
  }
  for (auto& missing : fields)
    if (missing.required)
      return invalid('"' + std::string{missing.name} + "\" is missing");
  return {};
}

field sql_field(std::string& sql) {
  return {"sql", true, [&sql](dom::element x) -> caf::error {
            std::string_view text;
            if (x.get(text))
              return invalid("\"sql\" must be a string");
            if (text.find_first_not_of(" \t\n\r\f\v") == text.npos)
              return invalid("\"sql\" is empty");
            sql = text;
            return {};
          }};
}

field params_field(sql_row& params) {
  auto read = [&params](dom::element x) { return read_row(x, "\"params\"", params); };
  return {"params", false, read};
}

/// Reads each element of an array that must have some.
field list_field(const char* name, std::function<caf::error(dom::element)> read) {
  return {name, true, [name, read = std::move(read)](dom::element x) -> caf::error {
            auto quoted = '"' + std::string{name} + '"';
            dom::array elements;
            if (x.get(elements))
              return invalid(quoted + " must be an array");
            if (elements.begin() == elements.end())
              return invalid(quoted + " is empty");
            for (auto element : elements)
              if (auto err = read(element))
                return err;
            return {};
          }};
}

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

} // namespace

// -- documents ---------------------------------------------------------------------

bool valid_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

caf::error check_object(const std::string& text) {
  reading json{text};
  if (auto err = json.error())
    return err;
  return json.root().is_object() ? caf::error{} : invalid("must be a JSON object");
}

caf::error check_lines(const std::string& text) {
  auto readable = text.data() + text.capacity();
  size_t number = 1;
  for (size_t at = 0; at < text.size(); ++number) {
    auto end = std::min(text.find('\n', at), text.size());
    auto line = std::string_view{text}.substr(at, end - at);
    auto room = static_cast<size_t>(readable - (line.data() + line.size()));
    reading json{line, room >= simdjson::SIMDJSON_PADDING};
    if (auto err = json.error())
      return caf::make_error(code_of(err),
                             "line " + std::to_string(number) + ": " + text_of(err));
    at = end + 1;
  }
  return {};
}

// -- SQL ---------------------------------------------------------------------------

caf::expected<sql_statement> read_statement(const std::string& text) {
  sql_statement statement;
  return read_body(text, "a statement", statement,
                   {sql_field(statement.sql), params_field(statement.params)});
}

caf::expected<sql_write> read_transaction(const std::string& text) {
  sql_write write;
  auto add = [&](dom::element x) {
    auto& statement = write.statements.emplace_back();
    return read_fields(x, "a statement",
                       {sql_field(statement.sql), params_field(statement.params)});
  };
  return read_body(text, "a transaction", write, {list_field("statements", add)});
}

caf::expected<sql_write> read_batch(const std::string& text) {
  sql_write write;
  write.statements.resize(1);
  auto add = [&](dom::element x) {
    return read_row(x, "a row", write.rows.emplace_back());
  };
  return read_body(text, "a batch", write,
                   {sql_field(write.statements[0].sql), list_field("rows", add)});
}

caf::expected<checkpoint_mode> read_checkpoint(const std::string& text) {
  auto mode = checkpoint_mode::passive;
  auto read = [&](dom::element x) -> caf::error {
    using enum checkpoint_mode;
    const char* word = "";
    if (!x.get(word))
      for (auto known : {passive, full, restart, truncate})
        if (::strcasecmp(word, to_string(known).c_str()) == 0) {
          mode = known;
          return {};
        }
    return invalid("\"mode\" must be PASSIVE, FULL, RESTART or TRUNCATE");
  };
  if (text.empty())
    return mode;
  return read_body(text, "a checkpoint", mode, {{"mode", false, read}});
}

} // namespace sluice::json
