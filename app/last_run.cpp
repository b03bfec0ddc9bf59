#include "app/last_run.hpp"

#include "actors/detail/wall_clock.hpp"
#include "actors/storage/folder.hpp"
#include "actors/storage/new_file.hpp"
#include "actors/storage/spool_header.hpp"
#include "actors/storage/spool_reading.hpp"
#include "actors/storage/standing_alerts.hpp"
#include "actors/storage/unique_fd.hpp"
#include "messages/error.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

constexpr auto file_name = "last-run";
// As long as each other, so that one can be written over the other.
constexpr std::string_view running_word = "running";
constexpr std::string_view ended_word = "stopped";
constexpr auto lost_id = "spool-lost-with-data";

static_assert(running_word.size() == ended_word.size());

std::string words_of(std::string_view how, const std::string& spool_dir) {
  return std::string{how} + "\n" + text_of(current_boot()) + "\n" + spool_dir + "\n";
}

/// Writes the first word anew, if the others are as they should be: nothing of a small
/// disk but that page is written.
bool write_over(const folder& in, std::string_view how, const std::string& words) {
  const unique_fd file{
    ::open(in.path_of(file_name).c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  std::string before(words.size() + 1, '\0');
  if (!file
      || ::pread(file.get(), before.data(), before.size(), 0) != ssize_t(words.size()))
    return false;
  before.resize(words.size());
  return before.substr(how.size()) == words.substr(how.size())
         && ::pwrite(file.get(), how.data(), how.size(), 0) == ssize_t(how.size());
}

/// Nothing is synced. These words count only in the boot that they name, and there the
/// kernel's memory is as good as the disk: the spool that they tell of lies in it too.
caf::error note(const std::string& data_dir, std::string_view how,
                const std::string& spool_dir) {
  const folder in{data_dir, owners_alone};
  if (auto err = check_mounted(in))
    return err;
  const auto words = words_of(how, spool_dir);
  if (write_over(in, how, words))
    return caf::none;
  const auto beside = file_name + std::string{".new"};
  auto file = new_file::create(in, beside);
  if (!file)
    return std::move(file.error());
  io_counts unused;
  if (auto err = file->write(words, unused))
    return err;
  return in.rename(beside, file_name);
}

/// Whether a spool is there that is this directory's.
caf::expected<bool> is_there(const std::string& spool_dir, const std::string& data_id) {
  auto owner = spool_owner(spool_dir);
  if (!owner)
    return std::move(owner.error());
  return *owner && (*owner)->data_id == data_id;
}

} // namespace

last_run read_last_run(const std::string& data_dir) {
  std::ifstream file{folder{data_dir}.path_of(file_name)};
  last_run result;
  std::string how;
  if (!std::getline(file, how) || !std::getline(file, result.boot)
      || !std::getline(file, result.spool_dir))
    return {};
  result.ended_in_order = how == ended_word;
  result.known = result.ended_in_order || how == running_word;
  return result;
}

caf::error note_run_begins(const std::string& data_dir, const std::string& spool_dir) {
  return note(data_dir, running_word, spool_dir);
}

caf::error note_run_ended(const std::string& data_dir, const std::string& spool_dir) {
  return note(data_dir, ended_word, spool_dir);
}

caf::error forget_last_run(const std::string& data_dir) {
  return folder{data_dir}.remove(file_name);
}

caf::expected<std::string> tell_lost_spool(const data_dir& data) {
  const auto last = read_last_run(data.path());
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
