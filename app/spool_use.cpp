#include "app/spool_use.hpp"

#include "actors/storage/spool_place.hpp"
#include "actors/storage/spool_reading.hpp"
#include "app/last_run.hpp"
#include "messages/error.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <utility>

namespace sluice {

namespace {

caf::expected<spool_use> open_at(const std::string& dir, const spool_settings& from,
                                 const data_dir& data) {
  auto opened = spool::open({dir, from.max_bytes, data.id(), data.real_path()});
  if (!opened && code_of(opened.error()) == ec::disk_full)
    return caf::make_error(ec::unavailable,
                           "there is no room for the spool " + dir + ": "
                             + text_of(opened.error())
                             + "; make room there, or name another place with spool.dir");
  if (!opened)
    return caf::make_error(ec::unavailable, text_of(opened.error()));
  return spool_use{std::move(*opened), dir};
}

/// Where the spool of this identity may be, of this directory or of its original.
std::vector<std::string> possible_places(const spool_settings& from,
                                         const data_dir& data) {
  std::vector<std::string> result;
  if (auto recorded = recorded_spool_place(data.path()); recorded && *recorded)
    result.push_back(std::move(**recorded));
  if (from.enabled)
    if (auto chosen = choose_spool_place(from.dir, data.id(), spool_bases()))
      result.push_back(std::move(chosen->dir));
  return result;
}

bool is_same_directory(const std::string& a, const std::string& b) {
  struct stat of_a {};
  struct stat of_b {};
  return ::stat(a.c_str(), &of_a) == 0 && ::stat(b.c_str(), &of_b) == 0
         && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

/// The directory that this one is a copy of, as a spool of this identity tells: the one
/// that it names is another, and has this identity too. If it is not there, this one was
/// moved, or restored.
caf::expected<std::string> original_of(const data_dir& data,
                                       const std::string& spool_dir) {
  const auto owner = spool_owner(spool_dir);
  // One that cannot be read is told when it is opened.
  if (!owner || !*owner || (*owner)->data_id != data.id()
      || is_same_directory((*owner)->data_dir, data.path()))
    return std::string{};
  const auto& other = (*owner)->data_dir;
  const auto id = id_of_data_dir(other);
  if (!id)
    return caf::make_error(
      ec::unavailable, "data directory " + data.path() + " is a copy of " + other
                         + " or was moved from there, and which cannot be told: "
                         + text_of(id.error()) + "; make that readable, or move it away");
  return *id == data.id() ? other : std::string{};
}

/// What a data directory left that was at this path before, and is gone: it has another
/// identity, so nobody would ever look for its spool.
std::vector<std::string> left_by_predecessors(const data_dir& data,
                                              const std::string& spool_dir) {
  namespace fs = std::filesystem;
  std::vector<std::string> result;
  std::error_code none;
  for (const auto& each :
       fs::directory_iterator{fs::path{spool_dir}.parent_path(), none}) {
    const auto owner = spool_owner(each.path());
    if (!owner || !*owner || (*owner)->data_id == data.id()
        || (*owner)->data_dir != data.real_path())
      continue;
    const auto contents = read_spool(each.path());
    if (contents && *contents && (*contents)->has_unreleased())
      result.push_back("the spool " + each.path().string() + " holds "
                       + summary_of(**contents) + " of a data directory that was at "
                       + data.path()
                       + " before: to bring it to disk, put that directory back and "
                         "start sluiced on it; to do without, remove the spool");
  }
  return result;
}

} // namespace

caf::expected<std::string> part_from_original(const spool_settings& from,
                                              data_dir& data) {
  for (const auto& place : possible_places(from, data)) {
    auto original = original_of(data, place);
    if (!original)
      return original;
    if (original->empty())
      continue;
    // The identity last: if it is new, everything else is done.
    if (auto err = forget_spool_place(data.path()))
      return err;
    if (auto err = forget_last_run(data))
      return err;
    if (auto err = data.renew_id())
      return err;
    return original;
  }
  return std::string{};
}

bool holds_anything(const spool& x) {
  for (auto lane : x.lanes())
    if (const auto state = x.state(lane); state.released < state.appended)
      return true;
  return false;
}

caf::expected<spool_use> open_spool(const spool_settings& from, const data_dir& data) {
  if (!from.enabled)
    return spool_use{};
  auto place = choose_spool_place(from.dir, data.id(), spool_bases());
  if (!place)
    return std::move(place.error());
  auto result = open_at(place->dir, from, data);
  if (!result)
    return result;
  if (auto err = record_spool_place(data.path(), place->dir))
    return err;
  result->elsewhere = place->squatted;
  if (!place->in_ram)
    result->reservations.push_back("the spool's directory " + place->dir
                                   + " is on a disk: what waits there is written to it");
  else if (swap_is_on() && !result->spool->pages_locked())
    result->reservations.emplace_back("swap is on and the spool's pages cannot be locked:"
                                      " what waits may be written to the swap");
  for (auto& words : left_by_predecessors(data, place->dir))
    result->reservations.push_back(std::move(words));
  return result;
}

caf::expected<spool_use> open_earlier_spool(const spool_settings& from,
                                            const data_dir& data) {
  auto chosen = std::string{};
  if (from.enabled) {
    auto place = choose_spool_place(from.dir, data.id(), spool_bases());
    if (!place)
      return std::move(place.error());
    chosen = place->dir;
  }
  auto earlier = earlier_spool_place(data.path(), chosen);
  if (!earlier)
    return std::move(earlier.error());
  if (!*earlier)
    return spool_use{};
  // Another directory's by now: what it holds is not lost here.
  if (auto owner = spool_owner(**earlier);
      owner && *owner && (*owner)->data_id != data.id())
    return spool_use{};
  auto result = open_at(**earlier, from, data);
  if (result && !holds_anything(*result->spool))
    result->spool = nullptr;
  return result;
}

} // namespace sluice
