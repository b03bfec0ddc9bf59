#include "actors/detail/json_index.hpp"

#include "actors/detail/json_grammar.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace sluice::json {

namespace {

constexpr std::string_view blanks = " \t\n\r";
constexpr auto npos = std::string_view::npos;

bool opens(char c) {
  return c == '{' || c == '[';
}

bool closes(char c) {
  return c == '}' || c == ']';
}

/// Position behind the string that opens at `at`.
size_t behind_string(std::string_view text, size_t at) {
  at = text.find_first_of("\"\\", at + 1);
  while (at != npos && text[at] == '\\')
    at = text.find_first_of("\"\\", at + 2);
  return at == npos ? text.size() : at + 1;
}

/// Position behind the array or object that opens at `at`.
size_t behind_brackets(std::string_view text, size_t at) {
  for (size_t depth = 0; at < text.size(); ++at) {
    if (text[at] == '"')
      at = behind_string(text, at) - 1;
    else if (opens(text[at]))
      ++depth;
    else if (closes(text[at]) && --depth == 0)
      return at + 1;
  }
  return text.size();
}

/// Position behind the value that begins at `at`.
size_t behind_value(std::string_view text, size_t at) {
  if (at >= text.size())
    return text.size();
  switch (text[at]) {
    case '"':
      return behind_string(text, at);
    case '{':
    case '[':
      return behind_brackets(text, at);
    default:
      return std::min(text.find_first_of(",}] \t\n\r", at), text.size());
  }
}

/// Counts outside of strings.
template <class Predicate>
size_t count_marks(std::string_view text, Predicate counts) {
  size_t result = 0;
  for (size_t at = 0; at < text.size(); ++at)
    if (text[at] == '"')
      at = behind_string(text, at) - 1;
    else
      result += counts(text[at]);
  return result;
}

/// Reads the name of the member that comes next, up to its value; false if there is none.
bool read_name(std::string_view text, size_t& at, std::string_view& name) {
  at = std::min(text.find_first_not_of(" \t\n\r,", at), text.size());
  if (at == text.size() || text[at] != '"')
    return false;
  const auto begin = at + 1;
  at = behind_string(text, at);
  name = text.substr(begin, std::max(at, begin + 1) - 1 - begin);
  at = std::min(text.find_first_not_of(" \t\n\r:", at), text.size());
  return true;
}

/// A longer text is counted first, so that its list need not be copied as it grows.
constexpr size_t counted_bytes_min = 1'048'576;

/// Walks a text once, from its front to its end.
class lister {
public:
  lister(std::string_view text, size_t levels)
      : text_(text), levels_(levels), at_(mark_length(text)) {}

  std::vector<member> run() {
    if (levels_ > 0 && text_.size() > counted_bytes_min)
      list_.reserve(1 + count_members(text_));
    skip_blanks();
    list_.push_back({{}, text_.substr(at_), 0});
    if (list_[0].is_object() && levels_ > 0)
      open(0);
    else
      finish(0, behind_value(text_, at_));
    while (!open_.empty())
      step();
    return std::move(list_);
  }

private:
  char front() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_blanks() {
    at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size());
  }

  void open(size_t index) {
    open_.push_back(index);
    ++at_;
  }

  /// The value of `index` ends before `end`.
  void finish(size_t index, size_t end) {
    auto& x = list_[index];
    auto begin = static_cast<size_t>(x.value.data() - text_.data());
    x.value = text_.substr(begin, end - begin);
    x.after = list_.size();
    at_ = end;
  }

  /// Takes the next member of the innermost open object, or closes it.
  void step() {
    std::string_view name;
    if (!read_name(text_, at_, name)) {
      auto index = open_.back();
      open_.pop_back();
      finish(index, std::min(at_ + 1, text_.size()));
      return;
    }
    list_.push_back({name, text_.substr(at_), 0});
    if (list_.back().is_object() && open_.size() < levels_)
      open(list_.size() - 1);
    else
      finish(list_.size() - 1, behind_value(text_, at_));
  }

  std::string_view text_;
  size_t levels_;
  size_t at_;
  std::vector<member> list_;
  /// Indexes of the objects around `at_`.
  std::vector<size_t> open_;
};

/// Reads the four digits of `\uXXXX`; 0 if there are not four.
uint32_t code_unit(std::string_view text, size_t at) {
  uint32_t unit = 0;
  if (at + 4 <= text.size())
    std::from_chars(text.data() + at, text.data() + at + 4, unit, 16);
  return unit;
}

void append_utf8(std::string& out, uint32_t point) {
  auto tail = [&](int shift) {
    out += static_cast<char>(0x80 | (point >> shift & 0x3f));
  };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | point >> 6);
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0 | point >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | point >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

/// Appends what the `\u` escape at `at` stands for; returns the position behind it,
/// and behind its second half if it is a surrogate pair.
size_t append_unicode(std::string& out, std::string_view text, size_t at) {
  auto point = code_unit(text, at + 2);
  at += 6;
  auto high = point >= 0xd800 && point < 0xdc00;
  if (high && at + 1 < text.size() && text[at] == '\\' && text[at + 1] == 'u') {
    auto low = code_unit(text, at + 2);
    if (low >= 0xdc00 && low < 0xe000) {
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
      at += 6;
    }
  }
  append_utf8(out, point);
  return at;
}

char simple_escape(char letter) {
  switch (letter) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return letter;
  }
}

} // namespace

std::vector<member> list_members(std::string_view text, size_t levels) {
  return lister{text, levels}.run();
}

member_walk::member_walk(std::string_view text)
    : text_(text),
      at_(std::min(text.find_first_not_of(blanks, mark_length(text)), text.size())) {
  if (text_.substr(at_, 1) == "{")
    ++at_;
  else
    at_ = text_.size();
}

bool member_walk::next(member& x) {
  if (!read_name(text_, at_, x.name))
    return false;
  const auto end = behind_value(text_, at_);
  x.value = text_.substr(at_, end - at_);
  at_ = end;
  return true;
}

size_t count_values(std::string_view text) {
  return count_marks(text, [](char c) { return c == ',' || opens(c); });
}

size_t count_members(std::string_view text) {
  return count_marks(text, [](char c) { return c == ':'; });
}

size_t next_comma(std::string_view text, size_t at, size_t ahead) {
  const auto from = at + ahead;
  for (size_t depth = 0; at < text.size(); ++at) {
    const auto c = text[at];
    if (c == '"')
      at = behind_string(text, at) - 1;
    else if (opens(c))
      ++depth;
    else if (closes(c))
      depth -= depth > 0 ? 1 : 0;
    else if (c == ',' && depth == 0 && at >= from)
      return at;
  }
  return text.size();
}

std::string_view with_blanks(std::string_view text, std::string_view part) {
  auto begin = static_cast<size_t>(part.data() - text.data());
  auto end = std::min(text.find_first_not_of(blanks, begin + part.size()), text.size());
  begin = begin == 0 ? 0 : text.find_last_not_of(blanks, begin - 1) + 1;
  return text.substr(begin, end - begin);
}

std::string_view plain_name(std::string_view name, std::string& space) {
  if (name.find('\\') == npos)
    return name;
  space.clear();
  for (size_t at = 0; at < name.size();) {
    if (name[at] != '\\' || at + 1 == name.size()) {
      space += name[at++];
    } else if (name[at + 1] == 'u') {
      at = append_unicode(space, name, at);
    } else {
      space += simple_escape(name[at + 1]);
      at += 2;
    }
  }
  return space;
}

} // namespace sluice::json
