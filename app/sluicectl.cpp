// The tool beside the service. What it can do without a running one: `spool DIR` tells
// what a dead service left. Exit 0; 1: one line why not; 2: it was asked wrongly.
#include "actors/storage/spool_place.hpp"
#include "app/spool_report.hpp"
#include "messages/error.hpp"

#include <fmt/core.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

namespace {

enum exit_code : int { done = 0, refused = 1, asked_wrongly = 2 };

constexpr std::string_view usage =
  "usage: sluicectl [--json] spool DIR\n"
  "\n"
  "  spool DIR   tells what a service that has ended left in its spool, and what the\n"
  "              next start makes of it. DIR is the spool's directory, or the data\n"
  "              directory that it belongs to. Nothing is changed.\n"
  "  --json      the same as one JSON object\n"
  "  --help, --version\n";

/// A running service changes what is read.
constexpr auto readings_max = 5;

struct request {
  bool json = false;
  std::string dir;
};

std::string first_line(const std::string& path) {
  std::ifstream file{path};
  std::string result;
  std::getline(file, result);
  return result;
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
    auto id = first_line(dir + "/id");
    if (id != text_of(result.contents->identity.data_id)
        && result.contents->has_unreleased())
      result.refusal = "it belongs to another data directory, " + dir + " is " + id;
  }
  return result;
}

exit_code tell_spool(const request& asked) {
  auto report = report_on(asked.dir);
  if (!report) {
    fmt::print(stderr, "{}\n", text_of(report.error()));
    return refused;
  }
  fmt::print("{}{}", asked.json ? json_of(*report) : text_of(*report),
             asked.json ? "\n" : "");
  return done;
}

exit_code run(const std::vector<std::string>& arguments) {
  request asked;
  std::vector<std::string> words;
  for (const auto& each : arguments) {
    if (each == "--help" || each == "--version") {
      fmt::print("{}", each == "--help" ? std::string{usage}
                                        : "sluicectl " SLUICE_VERSION "\n");
      return done;
    }
    if (each == "--json")
      asked.json = true;
    else
      words.push_back(each);
  }
  if (words.size() != 2 || words[0] != "spool" || words[1].empty()
      || words[1].starts_with('-')) {
    fmt::print(stderr, "{}", usage);
    return asked_wrongly;
  }
  asked.dir = words[1];
  return tell_spool(asked);
}

} // namespace

} // namespace sluice

int main(int argc, char** argv) {
  return sluice::run({argv + (argc > 0 ? 1 : 0), argv + argc});
}
