#include "actors/detail/json_reading.hpp"

#include "actors/detail/json_index.hpp"
#include "actors/detail/json_input.hpp"

#include <algorithm>
#include <bit>

namespace sluice::json {

namespace {

/// A longer text's buffers, some 14 times its length, are not kept.
constexpr size_t kept_capacity_max = 1'048'576;

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

dom::parser& parser() {
  thread_local dom::parser instance;
  return instance;
}

/// Grows by powers of two, so that lines of rising length do not each reallocate.
simdjson::error_code reserve(size_t bytes, size_t depth) {
  auto capacity = parser().capacity();
  if (capacity < bytes || capacity == 0) {
    capacity =
      bytes < kept_capacity_max ? std::bit_ceil(std::max<size_t>(bytes, 4096)) : bytes;
    if (auto code = parser().doc.allocate(capacity))
      return code;
  }
  return parser().allocate(capacity, depth);
}

} // namespace

caf::error invalid(std::string text) {
  return caf::make_error(ec::invalid_argument, std::move(text));
}

std::string quoted_if_short(std::string_view name) {
  return name.size() > 64 ? "" : " \"" + std::string{name} + "\"";
}

// -- one text -----------------------------------------------------------------------

reading::reading(std::string_view text, bool padded) {
  parse(text, padded, depth_max);
  // simdjson grants one level less where the innermost array or object has contents.
  if (code_ == simdjson::DEPTH_ERROR && nesting(text) <= depth_max)
    parse(text, padded, depth_max + 1);
}

reading::~reading() {
  if (parser().capacity() > kept_capacity_max)
    parser() = dom::parser{};
}

void reading::parse(std::string_view text, bool padded, size_t depth) {
  code_ = reserve(text.size(), depth);
  if (!code_)
    code_ = parser().parse(text.data(), text.size(), !padded).get(root_);
}

caf::error reading::error() const {
  return code_ ? to_error(code_) : caf::error{};
}

// -- members ------------------------------------------------------------------------

caf::error read_fields(dom::element x, const char* what, std::vector<field> fields) {
  dom::object object;
  if (x.get(object))
    return invalid(std::string{what} + " must be an object");
  for (auto [name, value] : object) {
    auto same = [&, n = name](const field& y) { return n == y.name; };
    auto known = std::find_if(fields.begin(), fields.end(), same);
    if (known == fields.end())
      return invalid("unknown or repeated member" + quoted_if_short(name));
    if (auto err = known->read(value))
      return err;
    fields.erase(known);
  }
  for (auto& missing : fields)
    if (missing.required)
      return invalid('"' + std::string{missing.name} + "\" is missing");
  return {};
}

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

} // namespace sluice::json
