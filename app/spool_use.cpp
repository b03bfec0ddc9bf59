#include "app/spool_use.hpp"

#include "actors/storage/spool_place.hpp"
#include "messages/error.hpp"

#include <utility>

namespace sluice {

namespace {

caf::expected<spool_use> open_at(const std::string& dir, const spool_settings& from,
                                 const data_dir& data) {
  auto opened = spool::open({dir, from.max_bytes, data.id(), data.path()});
  if (!opened)
    return caf::make_error(ec::unavailable, text_of(opened.error()));
  return spool_use{std::move(*opened), dir, {}};
}

} // namespace

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
  if (!place->in_ram)
    result->reservations.push_back("the spool's directory " + place->dir
                                   + " is on a disk: what waits there is written to it");
  else if (swap_is_on() && !result->spool->pages_locked())
    result->reservations.emplace_back("swap is on and the spool's pages cannot be locked:"
                                      " what waits may be written to the swap");
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
  auto result = open_at(**earlier, from, data);
  if (result && !holds_anything(*result->spool))
    result->spool = nullptr;
  return result;
}

} // namespace sluice
