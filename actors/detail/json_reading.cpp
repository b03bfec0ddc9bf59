#include "actors/detail/json_reading.hpp"

#include "actors/detail/json_index.hpp"
#include "actors/detail/json_input.hpp"
#include "messages/paying.hpp"

#include <algorithm>
#include <bit>

namespace sluice::json {

namespace {

/// A longer text's buffers, some 14 times its length, are not kept.
constexpr size_t kept_capacity_max = 1'048'576;

/// A longer text may hold so many values: a statement takes far fewer parameters.
constexpr size_t values_max = 1'000'000;

/// A list is read in pieces of this length, or of one element.
constexpr size_t piece_bytes = 65'536;

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
  code_ = text.size() > kept_capacity_max && count_values(text) > values_max
            ? simdjson::CAPACITY
            : reserve(text.size());
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
  if (code_ == simdjson::CAPACITY)
    return caf::make_error(ec::too_large, "the JSON holds more than "
                                            + std::to_string(values_max) + " values");
  const auto err = fault_in(text_);
  return err ? err : invalid(simdjson::error_message(code_));
}

caf::error fault_in(std::string_view text) {
  if (auto found = find_fault(text, depth_max))
    return told(*found, text);
  if (auto found = find_unheld(text, depth_max))
    return invalid(found->path + ": " + found->why);
  return {};
}

// -- paying ---------------------------------------------------------------------------

caf::error payment::take(size_t bytes) {
  taken_ += bytes;
  if (taken_ <= paid_)
    return {};
  const auto more = taken_ - paid_ + step_bytes;
  auto err = draw_more(from_, more);
  paid_ += err ? 0 : more;
  return err;
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

// -- lists ----------------------------------------------------------------------------

namespace {

caf::error read_elements(dom::array elements, const element_list& list, size_t& index) {
  for (auto element : elements) {
    if (auto err = list.read(element))
      return behind(std::string{list.name} + '[' + std::to_string(index) + ']', err);
    ++index;
  }
  return {};
}

caf::error read_whole(std::string_view text, bool padded, const char* what,
                      std::vector<field> fields) {
  reading json{text, padded};
  if (auto err = json.error())
    return err;
  return read_fields(json.root(), what, std::move(fields));
}

/// A body without its list, for which there stands `null`.
struct parted_body {
  parted_body(std::string_view text, std::string_view name) {
    member_walk walk{text};
    const auto* done = text.data();
    std::string space;
    for (member x; walk.next(x);) {
      if (plain_name(x.name, space) != name || !x.value.starts_with('[')
          || !x.value.ends_with(']'))
        continue;
      elements = x.value.substr(1, x.value.size() - 2);
      rest.append(done, x.value.data()).append("null");
      done = x.value.data() + x.value.size();
    }
    rest.append(done, text.data() + text.size());
  }

  std::string rest;
  /// What stands between the list's brackets; without data if there is no list.
  std::string_view elements;
};

/// Reads each piece as an array of its own. Where one is none, the whole is no JSON.
caf::error read_pieces(std::string_view elements, std::string_view text,
                       const element_list& list) {
  size_t index = 0;
  std::string piece;
  for (size_t at = 0, end = 0; at <= elements.size(); at = end + 1) {
    end = next_comma(elements, at, piece_bytes);
    piece.assign("[").append(elements.substr(at, end - at)).append("]");
    piece.reserve(piece.size() + simdjson::SIMDJSON_PADDING);
    const reading json{piece};
    dom::array some;
    if (json.failed() || json.root().get(some) || some.begin() == some.end()) {
      const auto err = fault_in(text);
      return err ? err : json.error();
    }
    if (auto err = read_elements(some, list, index))
      return err;
  }
  return {};
}

} // namespace

field list_field(element_list list) {
  return {list.name, true, [list = std::move(list)](dom::element x) -> caf::error {
            auto quoted = '"' + std::string{list.name} + '"';
            dom::array elements;
            if (x.get(elements))
              return invalid(quoted + " must be an array");
            if (elements.begin() == elements.end())
              return invalid(quoted + " is empty");
            size_t index = 0;
            return read_elements(elements, list, index);
          }};
}

caf::error read_listing(const std::string& text, const char* what,
                        std::vector<field> fields, const element_list& list) {
  const bool is_padded = text.capacity() - text.size() >= simdjson::SIMDJSON_PADDING;
  if (text.size() > piece_bytes) {
    const parted_body parted{text, list.name};
    if (parted.elements.find_first_not_of(" \t\n\r") != std::string_view::npos) {
      fields.push_back({list.name, true, [](dom::element) { return caf::error{}; }});
      auto err = read_whole(parted.rest, false, what, std::move(fields));
      if (err) // may be about a place, which is another in the whole
        if (auto fault = fault_in(text))
          err = std::move(fault);
      return err ? without_dot(err) : read_pieces(parted.elements, text, list);
    }
  }
  fields.push_back(list_field(list));
  auto err = read_whole(text, is_padded, what, std::move(fields));
  return err ? without_dot(err) : err;
}

} // namespace sluice::json
