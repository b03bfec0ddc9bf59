#include "actors/storage/standing_alerts.hpp"

#include "actors/storage/folder.hpp"
#include "actors/storage/regular_file.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

namespace sluice {

namespace {

constexpr auto file_name = "alerts";
constexpr size_t file_bytes_max = size_t{16} << 20;

} // namespace

caf::expected<std::vector<alert>> read_standing_alerts(const std::string& data_dir) {
  std::vector<alert> result;
  const folder in{data_dir};
  const auto text = read_regular(in.path_of(file_name), {file_bytes_max});
  if (!text)
    return text.error();
  if (!*text)
    return result;
  std::istringstream file{**text};
  std::string line;
  while (std::getline(file, line)) {
    alert next;
    std::istringstream words{line};
    if (words >> next.id >> next.since_ms && words.get() == ' '
        && std::getline(words, next.text))
      result.push_back(std::move(next));
  }
  return result;
}

caf::error write_standing_alerts(const std::string& data_dir,
                                 const std::vector<alert>& all) {
  std::string lines;
  for (const auto& x : all) {
    auto text = x.text;
    std::replace(text.begin(), text.end(), '\n', ' ');
    lines += x.id + " " + std::to_string(x.since_ms) + " " + text + "\n";
  }
  const folder in{data_dir, owners_alone};
  if (auto err = check_mounted(in))
    return err;
  if (!lines.empty())
    return in.replace(file_name, lines);
  if (auto err = in.remove(file_name))
    return err;
  return in.sync();
}

caf::error raise_standing_alert(const std::string& data_dir, alert what) {
  auto all = read_standing_alerts(data_dir);
  if (!all)
    return std::move(all.error());
  const auto known = std::find_if(all->begin(), all->end(),
                                  [&what](const alert& x) { return x.id == what.id; });
  if (known == all->end())
    all->push_back(std::move(what));
  else
    known->text = std::move(what.text);
  return write_standing_alerts(data_dir, *all);
}

} // namespace sluice
