#include "app/config/ini_scan.hpp"

#include "app/config/invalid.hpp"
#include "app/config/keys.hpp"
#include "app/config/text.hpp"

#include <algorithm>
#include <map>

namespace sluice::config {

namespace {

constexpr std::string_view blanks = " \t";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  text.remove_suffix(text.size() - (text.find_last_not_of(blanks) + 1));
  return text;
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
         || c == '_' || c == '-';
}

std::string_view leading_word(std::string_view text) {
  return text.substr(
    0, static_cast<size_t>(std::find_if_not(text.begin(), text.end(), is_word)
                           - text.begin()));
}

bool is_section(std::string_view name) {
  const auto prefix = std::string{name} + '.';
  return std::any_of(keys().begin(), keys().end(),
                     [&](const key& each) { return each.name.starts_with(prefix); });
}

// Cuts at the first `;` outside of double quotes.
std::string_view without_comment(std::string_view text) {
  bool in_quotes = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && in_quotes)
      ++i;
    else if (text[i] == '"')
      in_quotes = !in_quotes;
    else if (text[i] == ';' && !in_quotes)
      return trimmed(text.substr(0, i));
  }
  return trimmed(text);
}

class scanner {
public:
  explicit scanner(const std::string& file) : file_(file) {}

  caf::error line(std::string_view text) {
    ++number_;
    text = trimmed(text);
    if (!is_printable(without_tabs(text)))
      return at_line(text, "a control character, or not UTF-8");
    text = without_comment(text);
    if (text.starts_with('['))
      return section(text);
    const auto word = leading_word(text);
    const auto rest = trimmed(text.substr(word.size()));
    if (rest.starts_with('{'))
      return at_line(text, "allowed is [section] on a line of its own");
    if (word.empty() || !rest.starts_with('='))
      return caf::none;
    return entry(word, trimmed(rest.substr(1)));
  }

  std::vector<ini_line> result;

private:
  static std::string without_tabs(std::string_view text) {
    std::string result{text};
    std::erase(result, '\t');
    return result;
  }

  caf::error at_line(std::string_view text, std::string_view problem) const {
    return invalid(shown(text) + " (" + file_ + " line " + std::to_string(number_)
                   + "): " + std::string{problem});
  }

  caf::error section(std::string_view text) {
    const auto name = trimmed(text.substr(1, text.find(']') - 1));
    if (!text.ends_with(']'))
      return at_line(text, "allowed is [section] on a line of its own");
    if (!is_section(name))
      return at_line(text, "there is no such section");
    section_ = name;
    return caf::none;
  }

  caf::error entry(std::string_view word, std::string_view spelling) {
    auto name = section_.empty() ? std::string{word} : section_ + '.' + std::string{word};
    if (auto [first, is_new] = lines_.emplace(name, number_); !is_new)
      return at_line(name + " = " + std::string{spelling},
                     "the key stands already in line " + std::to_string(first->second));
    result.push_back({std::move(name), std::string{spelling}, number_});
    return caf::none;
  }

  const std::string& file_;
  std::string section_;
  size_t number_ = 0;
  std::map<std::string, size_t> lines_;
};

} // namespace

caf::expected<std::vector<ini_line>> scan_ini(const std::string& file,
                                              std::string_view text) {
  scanner reader{file};
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (auto err = reader.line(text.substr(0, end)))
      return err;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(reader.result);
}

} // namespace sluice::config
