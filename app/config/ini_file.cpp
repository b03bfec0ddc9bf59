#include "app/config/ini_file.hpp"

#include "app/config/ini_scan.hpp"
#include "app/config/invalid.hpp"
#include "app/config/keys.hpp"
#include "app/config/text.hpp"
#include "messages/error.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/config_value.hpp>
#include <caf/settings.hpp>

#include <algorithm>
#include <optional>
#include <sstream>

namespace sluice::config {

namespace {

// Put behind the file before CAF reads it: its reader takes an unfinished last line
// for the end, and drops it. Where this section arrives, everything before it did.
const std::string end_section = "sluice-end-of-file";

std::string place(const std::string& file, size_t line) {
  return file + " line " + std::to_string(line);
}

std::string line_of(const std::string& text, size_t number) {
  std::istringstream in{text};
  std::string line;
  while (number-- > 0 && std::getline(in, line)) {
    // nop
  }
  return line;
}

// CAF tells where it stopped. At the end of a line that is the next line's start.
size_t line_of(const caf::error& err) {
  const auto& context = err.context();
  if (!context.match_elements<caf::settings>())
    return 1;
  const auto& position = context.get_as<caf::settings>(0);
  const auto line = static_cast<size_t>(caf::get_or(position, "line", int64_t{1}));
  const auto column = caf::get_or(position, "column", int64_t{0});
  return column <= 1 && line > 1 ? line - 1 : line;
}

caf::error wrong_value(const key& which, const ini_line& line, const std::string& file) {
  auto err = invalid_value(which, line.spelling, place(file, line.number));
  const auto default_value = load(which, settings{});
  const bool is_text = std::holds_alternative<std::string>(default_value)
                       || std::holds_alternative<std::vector<std::string>>(default_value);
  if (!is_text)
    return err;
  return caf::make_error(ec::invalid_setting, text_of(err) + ", in double quotes");
}

// The line where CAF stopped; at the end of the file, the last one with a key, whose
// value is not finished.
const ini_line* line_at(const std::vector<ini_line>& lines, size_t number, bool at_end) {
  const auto hit = std::find_if(lines.rbegin(), lines.rend(), [&](const ini_line& line) {
    return at_end ? line.number < number : line.number == number;
  });
  return hit == lines.rend() ? nullptr : &*hit;
}

caf::error syntax_error(const std::string& file, const std::string& text,
                        const std::vector<ini_line>& lines, size_t number) {
  const auto written = line_of(text, number);
  const auto* line = line_at(lines, number, written.empty());
  if (line == nullptr)
    return invalid(shown(written) + " (" + place(file, number)
                   + "): allowed are [section], key=value and ; comment");
  const auto* which = find_key(line->name);
  if (which == nullptr)
    return unknown_key(line->name, line->spelling, place(file, line->number));
  return wrong_value(*which, *line, file);
}

// Takes what CAF read, if that is what is written: a number in decimal, a time that
// did not wrap around.
std::optional<value> converted(const key& which, const caf::config_value& from,
                               const std::string& spelling) {
  if (const auto* flag = caf::get_if<bool>(&from))
    return value{*flag};
  if (const auto* text = caf::get_if<std::string>(&from))
    return value{*text};
  if (caf::holds_alternative<int64_t>(from)) {
    const auto number = read_amount(which, spelling);
    return number ? std::optional<value>{*number} : std::nullopt;
  }
  if (caf::holds_alternative<caf::timespan>(from)) {
    const auto span = read_time(spelling);
    return span ? std::optional<value>{*span} : std::nullopt;
  }
  if (const auto* list = caf::get_if<caf::config_value::list>(&from)) {
    std::vector<std::string> items;
    for (const auto& item : *list) {
      const auto* text = caf::get_if<std::string>(&item);
      if (text == nullptr)
        return std::nullopt;
      items.push_back(*text);
    }
    return value{std::move(items)};
  }
  return std::nullopt;
}

// What editors on Windows add: a mark at the beginning, and a CR at the end of lines.
std::string unix_text(std::string_view bytes) {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  if (bytes.starts_with(mark))
    bytes.remove_prefix(mark.size());
  std::string result;
  for (size_t i = 0; i < bytes.size(); ++i)
    if (bytes[i] != '\r' || (i + 1 < bytes.size() && bytes[i + 1] != '\n'))
      result += bytes[i];
  return result;
}

// CAF knows no units of bytes: it is given the number that they make.
std::string with_bare_sizes(const std::string& text, const std::vector<ini_line>& lines) {
  std::istringstream in{text};
  std::string result;
  auto next = lines.begin();
  std::string line;
  for (size_t number = 1; std::getline(in, line); ++number) {
    if (next != lines.end() && next->number == number) {
      const auto* which = find_key(next->name);
      const auto size =
        which && which->accepts.is_size ? read_size(next->spelling) : std::nullopt;
      if (size)
        line.replace(line.find(next->spelling, line.find('=')), next->spelling.size(),
                     std::to_string(*size));
      ++next;
    }
    result += line + '\n';
  }
  return result;
}

size_t count_values(const caf::settings& all) {
  size_t result = 0;
  for (const auto& [name, what] : all) {
    const auto* inner = caf::get_if<caf::settings>(&what);
    result += inner == nullptr ? 1 : count_values(*inner);
  }
  return result;
}

caf::expected<caf::settings> read_by_caf(const std::string& file, const std::string& text,
                                         const std::vector<ini_line>& lines) {
  std::istringstream in{text + "\n[" + end_section + "]\n"};
  auto result = caf::actor_system_config::parse_config(in);
  if (!result)
    return syntax_error(file, text, lines, line_of(result.error()));
  if (result->find(end_section) == result->end())
    return invalid(file + ": the last value has no end");
  return result;
}

} // namespace

caf::expected<std::vector<ini_entry>> read_ini(const std::string& file,
                                               const std::string& bytes) {
  const auto text = unix_text(bytes);
  auto lines = scan_ini(file, text);
  if (!lines)
    return lines.error();
  auto content = read_by_caf(file, with_bare_sizes(text, *lines), *lines);
  if (!content)
    return content.error();
  std::vector<ini_entry> result;
  for (const auto& line : *lines) {
    const auto* which = find_key(line.name);
    if (which == nullptr)
      return unknown_key(line.name, line.spelling, place(file, line.number));
    const auto* raw = caf::get_if(&*content, line.name);
    auto what = raw == nullptr ? std::nullopt : converted(*which, *raw, line.spelling);
    if (!what || !accepts(*which, *what))
      return wrong_value(*which, line, file);
    result.push_back({which, std::move(*what)});
  }
  if (result.size() != count_values(*content))
    return invalid(file + ": allowed are [section] and key=value on lines of their own");
  return result;
}

} // namespace sluice::config
