#include "app/ctl/spool_command.hpp"

#include "actors/storage/regular_file.hpp"
#include "actors/storage/spool_place.hpp"
#include "app/ctl/request.hpp"
#include "app/printable.hpp"
#include "app/spool_report.hpp"
#include "app/standard_streams.hpp"
#include "messages/error.hpp"

#include <filesystem>

namespace sluice::ctl {

namespace {

/// A running service changes what is read.
constexpr auto readings_max = 5;

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

/// Fills the report about the directory in it. The error says why it cannot be read.
caf::error look(spool_report& report) {
  for (auto left = readings_max;;) {
    report.in_use = spool_in_use(report.dir);
    auto found = read_spool(report.dir);
    if (found) {
      report.contents = std::move(*found);
      return caf::none;
    }
    if (!report.in_use || --left == 0)
      return std::move(found.error());
  }
}

caf::expected<spool_report> report_on(const std::string& dir) {
  namespace fs = std::filesystem;
  if (!fs::is_directory(dir))
    return caf::make_error(ec::not_found, dir + " is no directory");
  spool_report result;
  auto recorded = recorded_spool_place(dir);
  if (!recorded)
    return std::move(recorded.error());
  result.dir = *recorded ? **recorded : dir;
  if (auto err = look(result))
    return err;
  if (!*recorded && !result.contents)
    return caf::make_error(ec::not_found,
                           dir
                             + " is neither a spool's directory nor a data "
                               "directory that has one");
  if (*recorded && result.contents) {
    auto id = read_regular(dir + "/id");
    if (!id)
      return std::move(id.error());
    const auto own = first_line(id->value_or(""));
    if (own != text_of(result.contents->identity.data_id)
        && result.contents->has_unreleased())
      result.refusal = "it belongs to another data directory, " + dir + " is " + own;
  }
  return result;
}

} // namespace

int tell_spool(const std::string& dir, bool as_json) {
  auto report = report_on(dir);
  if (!report) {
    print_error(printable(text_of(report.error())) + '\n');
    return refused;
  }
  print(as_json ? json_of(*report) + '\n' : text_of(*report));
  return done;
}

} // namespace sluice::ctl
