// What many files, logs or stores have in common must not fill every answer: of each kind
// of alert a few are told, and the last of them stands for the rest.
#pragma once

#include "actors/detail/short_text.hpp"
#include "messages/status.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sluice::detail {

/// Words of an alert, a check, or a state: more are cut off.
constexpr size_t told_bytes_max = 384;

/// Leaves a few alerts of each kind over all of the reports, fewer where there are many
/// kinds, and adds those that go to the count of the last that stays.
inline void sum_up_alerts(std::span<status_report> reports) {
  constexpr size_t each_max = 4;
  constexpr size_t bytes_max = 16'384;
  struct kind {
    size_t kept = 0;
    uint64_t left_out = 0;
  };
  std::map<std::string, kind> kinds;
  size_t bytes = 0;
  for (auto& report : reports)
    std::erase_if(report.alerts, [&](const alert& x) {
      auto& like = kinds[x.id];
      if (like.kept == each_max || (like.kept > 0 && bytes > bytes_max)) {
        like.left_out += x.count;
        return true;
      }
      ++like.kept;
      bytes += std::min(x.text.size(), told_bytes_max);
      return false;
    });
  for (auto report = reports.rbegin(); report != reports.rend(); ++report)
    for (auto x = report->alerts.rbegin(); x != report->alerts.rend(); ++x) {
      x->count += std::exchange(kinds[x->id].left_out, 0);
      shorten(x->text, told_bytes_max);
    }
}

inline void sum_up_alerts(status_report& report) {
  sum_up_alerts(std::span{&report, 1});
}

/// Its words, and how many others it stands for.
inline std::string words_of(const alert& x) {
  return x.count == 1
           ? x.text
           : x.text + "; and " + std::to_string(x.count - 1) + " more like this";
}

} // namespace sluice::detail
