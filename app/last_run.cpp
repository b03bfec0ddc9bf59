#include "app/last_run.hpp"

#include "actors/detail/wall_clock.hpp"
#include "actors/storage/spool_header.hpp"
#include "actors/storage/spool_reading.hpp"
#include "actors/storage/standing_alerts.hpp"

#include <sstream>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

constexpr std::string_view running_word = "running";
constexpr std::string_view ended_word = "stopped";
constexpr auto lost_id = "spool-lost-with-data";

/// These words count only in the boot that they name, and there the kernel's memory is as
/// good as the disk: the spool that they tell of lies in it too.
std::string words_of(std::string_view how, const std::string& spool_dir) {
  return std::string{how} + "\n" + text_of(current_boot()) + "\n" + spool_dir + "\n";
}

/// Whether a spool is there that is this directory's.
caf::expected<bool> is_there(const std::string& spool_dir, const std::string& data_id) {
  auto owner = spool_owner(spool_dir);
  if (!owner)
    return std::move(owner.error());
  return *owner && (*owner)->data_id == data_id;
}

} // namespace

last_run read_last_run(const data_dir& data) {
  std::istringstream notes{data.notes()};
  last_run result;
  std::string how;
  if (!std::getline(notes, how) || !std::getline(notes, result.boot)
      || !std::getline(notes, result.spool_dir))
    return {};
  result.ended_in_order = how == ended_word;
  result.known = result.ended_in_order || how == running_word;
  return result;
}

caf::error note_run_begins(const data_dir& data, const std::string& spool_dir) {
  return data.keep_notes(words_of(running_word, spool_dir));
}

caf::error note_run_ended(const data_dir& data, const std::string& spool_dir) {
  return data.keep_notes(words_of(ended_word, spool_dir));
}

caf::error forget_last_run(const data_dir& data) {
  return data.keep_notes({});
}

caf::expected<std::string> tell_lost_spool(const data_dir& data) {
  const auto last = read_last_run(data);
  // A spool lives as long as the machine runs: in another boot it is gone by nature, and
  // that is all that `ram` promises.
  if (!last.known || last.ended_in_order || last.spool_dir.empty()
      || last.boot != text_of(current_boot()))
    return std::string{};
  const auto there = is_there(last.spool_dir, data.id());
  if (!there)
    return there.error();
  if (*there)
    return std::string{};
  auto text = "the last run did not end in order, and its spool " + last.spool_dir
              + " is gone, though the machine was not started anew: what was "
                "acknowledged as ram and not synced may be lost. The alert stands until "
                "POST /v1/alerts/"
              + lost_id + "/acknowledge";
  if (auto err =
        raise_standing_alert(data.path(), {lost_id, text, detail::wall_clock_ms()}))
    return err;
  return text;
}

} // namespace sluice
