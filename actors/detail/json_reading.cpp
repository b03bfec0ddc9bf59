#include "actors/detail/json_reading.hpp"

#include "actors/detail/json_input.hpp"

#include <algorithm>
#include <bit>

namespace sluice::json {

namespace {

/// A longer text's buffers, some 14 times its length, are not kept.
constexpr size_t kept_capacity_max = 1'048'576;

constexpr size_t shown_bytes_max = 64;

dom::parser& parser() {
  thread_local dom::parser instance;
  return instance;
}

/// Grows by powers of two, so that lines of rising length do not each reallocate.
simdjson::error_code reserve(size_t bytes) {
  auto capacity = parser().capacity();
  if (capacity < bytes || capacity == 0) {
    capacity =
      bytes < kept_capacity_max ? std::bit_ceil(std::max<size_t>(bytes, 4096)) : bytes;
    if (auto code = parser().doc.allocate(capacity))
      return code;
  }
  return parser().allocate(capacity, depth_max);
}

} // namespace

caf::error invalid(std::string text) {
  return caf::make_error(ec::invalid_argument, std::move(text));
}

caf::error told(const fault& x, std::string_view text, bool with_line) {
  return invalid(x.why + ", at " + place_in(text, x.offset, with_line));
}

std::string shown(std::string_view text) {
  return text.size() > shown_bytes_max ? "..." : std::string{text};
}

std::string quoted_if_short(std::string_view name) {
  return name.size() > shown_bytes_max ? "" : " \"" + std::string{name} + "\"";
}

bool is_held(std::string_view scalar) {
  return !reading{std::string{scalar}}.failed();
}

// -- one text -----------------------------------------------------------------------

reading::reading(std::string_view text, bool padded) : text_(text) {
  code_ = reserve(text.size());
  if (!code_)
    code_ = parser().parse(text.data(), text.size(), !padded).get(root_);
}

reading::~reading() {
  if (parser().capacity() > kept_capacity_max)
    parser() = dom::parser{};
}

caf::error reading::error() const {
  if (!failed())
    return {};
  if (code_ == simdjson::MEMALLOC)
    return caf::make_error(ec::overloaded, "no memory to read the JSON");
  if (auto found = find_fault(text_, depth_max))
    return told(*found, text_);
  if (auto found = find_unheld(text_, depth_max))
    return invalid(found->path + ": " + found->why);
  return invalid(simdjson::error_message(code_));
}

// -- the way to a value -------------------------------------------------------------

caf::error behind(const std::string& step, const caf::error& err) {
  const auto& text = text_of(err);
  const auto goes_on = text.starts_with('.') || text.starts_with('[');
  return caf::make_error(code_of(err), step + (goes_on ? "" : ": ") + text);
}

caf::error without_dot(const caf::error& err) {
  const auto& text = text_of(err);
  return caf::make_error(code_of(err), text.substr(text.starts_with('.')));
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
            size_t index = 0;
            for (auto element : elements) {
              if (auto err = read(element))
                return behind('.' + std::string{name} + '[' + std::to_string(index) + ']',
                              err);
              ++index;
            }
            return {};
          }};
}

} // namespace sluice::json
