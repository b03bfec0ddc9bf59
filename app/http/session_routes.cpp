// Sessions: documents in and out, whole stores, flushes, and their numbers.
#include "app/http/answers.hpp"
#include "app/http/problem.hpp"
#include "app/http/router.hpp"
#include "app/http/stats_json.hpp"

#include "actors/detail/json_input.hpp"

#include <algorithm>
#include <limits>

namespace sluice::http {

namespace {

/// A number that no store has reached: every update so far.
constexpr uint64_t all_updates = std::numeric_limits<uint64_t>::max();

const session_debouncer_actor& sessions(const edge& e) {
  return e.actors().actors.sessions;
}

// -- updates --------------------------------------------------------------------------

/// Where an update goes, and what it is to reach.
struct update_target {
  std::string store;
  std::string key;
  buffered_goal goal = {};
};

caf::expected<update_target> read_target(const request& in) {
  update_target result{in.captures[0], {}};
  if (auto err = check_name(result.store))
    return err;
  if (in.captures.size() > 1) {
    result.key = in.captures[1];
    if (auto err = check_key(result.key))
      return err;
  }
  auto goal = wanted_goal(in);
  if (!goal)
    return goal.error();
  result.goal = *goal;
  return result;
}

/// A store answers each try that fails; whoever waits for the disk tries until the time
/// is up. Of the actor that gave the number: to one that came after it the number means
/// nothing if nobody but the dead one had the update.
void await_disk(edge& e, const session_debouncer_actor& whom, const std::string& store,
                uint64_t seq, const std::shared_ptr<disk_wait>& wait) {
  e.request(whom, caf::infinite, atom::persist_v, store, seq, durability::disk)
    .then([wait](durability level) { wait->reached(level); },
          [&e, whom, store, seq, wait](const caf::error& why) {
            const auto has_died = is_no_answer(why);
            if (code_of(why) == ec::stopping || (has_died && !wait->outlives_a_death()))
              return wait->give_up();
            wait->later([&e, whom, store, seq, wait, has_died] {
              await_disk(e, has_died ? sessions(e) : whom, store, seq, wait);
            });
          });
}

void on_updated(edge& e, const exchange_ptr& x, const session_debouncer_actor& by,
                const update_target& where, const session_receipt& receipt) {
  json_writer json;
  json.open_object().member("seq", receipt.seq);
  if (!where.goal.to_disk) {
    reply_buffered(*x, std::move(json), receipt.level);
    return;
  }
  await_disk(e, by, where.store, receipt.seq,
             disk_wait::begin(e, x, std::move(json), receipt.level));
}

/// Sends an update to the debouncer, and answers with what becomes of it.
template <class Atom, class... Ts>
void update(edge& e, const exchange_ptr& x, update_target where, Atom what, Ts... xs) {
  const auto by = sessions(e);
  e.request(by, caf::infinite, what, std::move(xs)...)
    .then([&e, x, by, where = std::move(where)](
            const session_receipt& receipt) { on_updated(e, x, by, where, receipt); },
          refuse_buffered(e, x));
}

template <class Atom>
void write_document(edge& e, const exchange_ptr& x, Atom what) {
  auto where = read_target(x->in);
  if (!where)
    return x->refuse(where.error());
  if (auto err = json::check_object(x->in.body))
    return x->refuse(err);
  session_update change{where->store, where->key, std::move(x->in.body),
                        std::move(x->in.charge), where->goal.at_least};
  update(e, x, std::move(*where), what, std::move(change));
}

void put_document(edge& e, const exchange_ptr& x) {
  write_document(e, x, atom::put_v);
}

void patch_document(edge& e, const exchange_ptr& x) {
  write_document(e, x, atom::patch_v);
}

void delete_document(edge& e, const exchange_ptr& x) {
  auto where = read_target(x->in);
  if (!where)
    return x->refuse(where.error());
  auto store = where->store;
  auto key = where->key;
  auto at_least = where->goal.at_least;
  update(e, x, std::move(*where), atom::erase_v, std::move(store), std::move(key),
         at_least);
}

void put_store(edge& e, const exchange_ptr& x) {
  auto where = read_target(x->in);
  if (!where)
    return x->refuse(where.error());
  auto documents = json::read_store(x->in.body, x->in.charge);
  if (!documents)
    return x->refuse(documents.error());
  for (const auto& document : *documents)
    if (auto err = check_key(document.key))
      return x->refuse(err);
  session_replacement change{where->store, std::move(*documents), std::move(x->in.charge),
                             where->goal.at_least};
  update(e, x, std::move(*where), atom::replace_v, std::move(change));
}

// -- documents out ----------------------------------------------------------------------

void get_document(edge& e, const exchange_ptr& x) {
  const auto& store = x->in.captures[0];
  const auto& key = x->in.captures[1];
  if (auto err = check_name(store))
    return x->refuse(err);
  if (auto err = check_key(key))
    return x->refuse(err);
  e.request(sessions(e), caf::infinite, atom::get_v, store, key, e.open_room(*x))
    .then(
      [&e, x](std::string& document) { x->reply(reply_text(e, std::move(document))); },
      refuse(x));
}

void on_store(const edge& e, exchange& x, const std::vector<session_document>& found) {
  json_writer json;
  size_t bytes = 0;
  for (const auto& [key, document] : found)
    bytes += key.size() + document.size() + 8;
  json.reserve(std::min<size_t>(bytes, e.settings().max_response_bytes));
  json.open_object();
  for (const auto& [key, document] : found) {
    json.key(key).raw(document);
    if (json.size() > e.settings().max_response_bytes)
      break; // the rest cannot make it fit
  }
  x.reply(reply_text(e, json.close_object().take()));
}

void get_store(edge& e, const exchange_ptr& x) {
  const auto& store = x->in.captures[0];
  if (auto err = check_name(store))
    return x->refuse(err);
  e.request(sessions(e), caf::infinite, atom::get_all_v, store, e.open_room(*x))
    .then([&e, x](const std::vector<session_document>& found) { on_store(e, *x, found); },
          refuse(x));
}

// -- flushes ------------------------------------------------------------------------

/// The flush first: it tells at once when the disk refuses, where a sync would wait.
void on_all_flushed(edge& e, const exchange_ptr& x, const flush_report& report,
                    bool to_disk) {
  if (!to_disk)
    return reply_flushed(*x, report);
  e.request(sessions(e), e.settings().disk_timeout, atom::flush_v, durability::disk)
    .then([x, report](const flush_report&) { reply_flushed(*x, report); }, refuse(x));
}

void post_store_flushes(edge& e, const exchange_ptr& x) {
  auto level = wanted_level(x->in);
  if (!level)
    return x->refuse(level.error());
  e.request(sessions(e), caf::infinite, atom::flush_v)
    .then([&e, x, disk = *level == durability::disk](
            const flush_report& report) { on_all_flushed(e, x, report, disk); },
          refuse(x));
}

void on_store_flushed(edge& e, const exchange_ptr& x, const std::string& store,
                      const flush_report& report, bool to_disk) {
  if (!to_disk)
    return reply_flushed(*x, report);
  e.request(sessions(e), e.settings().disk_timeout, atom::persist_v, store, all_updates,
            durability::disk)
    .then([x, report](durability) { reply_flushed(*x, report); }, refuse(x));
}

void post_store_flush(edge& e, const exchange_ptr& x) {
  const auto& store = x->in.captures[0];
  if (auto err = check_name(store))
    return x->refuse(err);
  auto level = wanted_level(x->in);
  if (!level)
    return x->refuse(level.error());
  e.request(sessions(e), caf::infinite, atom::flush_v, store)
    .then([&e, x, store, disk = *level == durability::disk](
            const flush_report& report) { on_store_flushed(e, x, store, report, disk); },
          refuse(x));
}

// -- maintenance -------------------------------------------------------------------

void post_store_prune(edge& e, const exchange_ptr& x) {
  const auto& store = x->in.captures[0];
  if (auto err = check_name(store))
    return x->refuse(err);
  e.request(sessions(e), caf::infinite, atom::prune_v, store)
    .then(
      [x](const session_pruned& done) {
        json_writer json;
        json.open_object().member("removed", uint64_t{done.keys.size()}).close_object();
        x->reply({200, json.take()});
      },
      refuse(x));
}

// -- numbers ------------------------------------------------------------------------

void get_sessions(edge& e, const exchange_ptr& x) {
  e.request(sessions(e), telling_time_max, atom::stats_v)
    .then(
      [x](const session_stats& stats) {
        x->reply({200, sessions_json(stats)});
      },
      refuse(x));
}

} // namespace

std::span<const route> session_routes() {
  using enum verb;
  // A store, or a session, may be called `flush` or `prune`: only POST means these.
  static constexpr route rows[] = {
    shared(
      {post, "/v1/sessions/flush", body_kind::none, post_store_flushes, {"durability"}}),
    {post, "/v1/sessions/{}/flush", body_kind::none, post_store_flush, {"durability"}},
    {post, "/v1/sessions/{}/prune", body_kind::none, post_store_prune},
    shared({get, "/v1/sessions", body_kind::none, get_sessions}),
    {get, "/v1/sessions/{}", body_kind::none, get_store},
    {put, "/v1/sessions/{}", body_kind::json, put_store, {"durability"}},
    {get, "/v1/sessions/{}/{}", body_kind::none, get_document},
    {put, "/v1/sessions/{}/{}", body_kind::json, put_document, {"durability"}},
    {patch, "/v1/sessions/{}/{}", body_kind::merge_patch, patch_document, {"durability"}},
    {erase, "/v1/sessions/{}/{}", body_kind::none, delete_document, {"durability"}},
  };
  return rows;
}

} // namespace sluice::http
