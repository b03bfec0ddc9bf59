#include "actors/detail/json_grammar.hpp"

#include "actors/detail/json_reading.hpp"
#include "actors/detail/json_text.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <utility>
#include <vector>

namespace sluice::json {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// A path that is told is not to make the answer as long as what was sent.
constexpr size_t shown_steps_max = 4;

/// A shorter number without an exponent fits into 64 bits.
constexpr size_t surely_held_bytes = 18;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Walks a text once, from its front to its first fault. Descends as deep as is allowed.
class walker {
public:
  walker(std::string_view text, size_t levels, bool values)
      : text_(text), levels_(levels), values_(values) {}

  std::optional<fault> run() {
    whole();
    return std::move(found_);
  }

private:
  /// A member by its name, which is empty until it is known; or an element by its index.
  struct step {
    std::string_view name;
    size_t index;
  };

  char front() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_blanks() {
    at_ = std::min(text_.find_first_not_of(" \t\n\r", at_), text_.size());
  }

  bool take(char c) {
    const auto there = front() == c;
    at_ += there;
    return there;
  }

  // -- what is wrong -------------------------------------------------------------------

  bool fail(const std::string& why) {
    return refuse(at_,
                  "not JSON: " + (at_ == text_.size() ? "the text ends too early" : why));
  }

  bool refuse(size_t offset, std::string why) {
    found_ = fault{offset, std::move(why), path()};
    return false;
  }

  std::string path() const {
    std::string result;
    for (size_t i = 0; i < std::min(path_.size(), shown_steps_max); ++i) {
      const auto& each = path_[i];
      if (!each.name.data())
        result += '[' + std::to_string(each.index) + ']';
      else if (!each.name.empty())
        result += (i > 0 ? "." : "") + shown(each.name);
    }
    return result;
  }

  // -- arrays and objects --------------------------------------------------------------

  bool whole() {
    if (mark_length(text_) > 0)
      return fail("there is a byte order mark in front");
    skip_blanks();
    if (!value())
      return false;
    skip_blanks();
    return at_ == text_.size() || fail("nothing may follow the value");
  }

  bool value() {
    switch (front()) {
      case '"':
        return string();
      case '{':
        return nested(&walker::members);
      case '[':
        return nested(&walker::elements);
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool nested(bool (walker::*contents)()) {
    if (path_.size() == levels_)
      return refuse(at_, "JSON is nested deeper than " + std::to_string(levels_));
    ++at_;
    skip_blanks();
    path_.push_back({{}, 0});
    if (!(this->*contents)())
      return false;
    path_.pop_back();
    return true;
  }

  bool members() {
    if (take('}'))
      return true;
    while (true) {
      const auto begin = at_ + 1;
      path_.back().name = text_.substr(at_, 0);
      if (front() != '"')
        return fail("a member's name in double quotes is expected");
      if (!string())
        return false;
      path_.back().name = text_.substr(begin, at_ - 1 - begin);
      skip_blanks();
      if (!take(':'))
        return fail("a colon is expected behind a member's name");
      skip_blanks();
      if (!value())
        return false;
      skip_blanks();
      if (take('}'))
        return true;
      if (!take(','))
        return fail("a comma or '}' is expected behind a member");
      skip_blanks();
    }
  }

  bool elements() {
    if (take(']'))
      return true;
    for (;; ++path_.back().index) {
      if (!value())
        return false;
      skip_blanks();
      if (take(']'))
        return true;
      if (!take(','))
        return fail("a comma or ']' is expected behind an element");
      skip_blanks();
    }
  }

  bool word(std::string_view x) {
    for (auto c : x)
      if (!take(c))
        return fail("of words there are true, false and null");
    return true;
  }

  // -- numbers -------------------------------------------------------------------------

  bool digits(const char* otherwise) {
    if (!is_digit(front()))
      return fail(otherwise);
    while (is_digit(front()))
      ++at_;
    return true;
  }

  bool number() {
    const auto begin = at_;
    const auto negative = take('-');
    if (!take('0')
        && !digits(negative ? "a digit is expected behind '-'" : "a value is expected"))
      return false;
    if (is_digit(front()))
      return fail("a number has no zero in front");
    if (take('.') && !digits("a digit is expected behind '.'"))
      return false;
    const auto scaled = take('e') || take('E');
    if (scaled && !take('+'))
      take('-');
    if (scaled && !digits("a digit is expected in the exponent"))
      return false;
    const auto spelled = text_.substr(begin, at_ - begin);
    if (!values_ || (!scaled && spelled.size() <= surely_held_bytes) || is_held(spelled))
      return true;
    return refuse(begin,
                  shown(spelled) + " is past what a double or a 64-bit integer holds");
  }

  // -- strings -------------------------------------------------------------------------

  bool string() {
    ++at_;
    while (!take('"')) {
      const auto c = static_cast<unsigned char>(front());
      if (c == '\\') {
        if (!escape())
          return false;
      } else if (c < 0x20) {
        return fail("a control character in a string has to be escaped");
      } else if (c < 0x80) {
        ++at_;
      } else if (const auto length = utf8_length(text_.substr(at_)); length > 0) {
        at_ += length;
      } else {
        return refuse(at_, "JSON is not valid UTF-8");
      }
    }
    return true;
  }

  bool escape() {
    const auto begin = at_++;
    if (take('u'))
      return code_unit(begin);
    if (front() == '\0' || !std::strchr("\"\\/bfnrt", front()))
      return fail("there is no such escape");
    ++at_;
    return true;
  }

  bool code_unit(size_t begin) {
    for (int i = 0; i < 4; ++i, ++at_)
      if (std::isxdigit(static_cast<unsigned char>(front())) == 0)
        return fail("four hexadecimal digits are expected behind \\u");
    return !values_ || whole_character(begin);
  }

  /// Whether the escape at `begin` is a character, or one together with the next.
  bool whole_character(size_t begin) {
    const auto escape = text_.substr(begin, at_ - begin);
    const auto pair = text_.substr(begin, 2 * escape.size());
    if (is_held('"' + std::string{escape} + '"'))
      return true;
    if (!is_held('"' + std::string{pair} + '"'))
      return refuse(begin, std::string{escape}
                             + " is half of a surrogate pair, which no text holds");
    at_ = begin + pair.size();
    return true;
  }

  std::string_view text_;
  size_t levels_;
  /// Whether values are looked at, too.
  bool values_;
  size_t at_ = 0;
  /// Where `at_` is within the arrays and objects around it.
  std::vector<step> path_;
  std::optional<fault> found_;
};

} // namespace

std::optional<fault> find_fault(std::string_view text, size_t levels) {
  return walker{text, levels, false}.run();
}

std::optional<fault> find_unheld(std::string_view text, size_t levels) {
  return walker{text, levels, true}.run();
}

std::string place_in(std::string_view text, size_t offset, bool with_line) {
  const auto before = text.substr(0, offset);
  const auto last = before.substr(before.rfind('\n') + 1);
  const auto begins = [](unsigned char c) { return (c & 0xc0) != 0x80; };
  auto place =
    "column " + std::to_string(1 + std::count_if(last.begin(), last.end(), begins));
  if (!with_line)
    return place;
  const auto lines = 1 + std::count(before.begin(), before.end(), '\n');
  return "line " + std::to_string(lines) + ", " + place;
}

size_t mark_length(std::string_view text) {
  return text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
}

} // namespace sluice::json
