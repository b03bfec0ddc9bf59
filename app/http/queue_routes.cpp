// The SQL queue: writes that are answered before their commit, its flush, and the numbers
// of the database, the queue's included.
#include "app/http/answers.hpp"
#include "app/http/queueing.hpp"
#include "app/http/router.hpp"
#include "app/http/stats_json.hpp"

#include <algorithm>
#include <limits>

namespace sluice::http {

namespace {

const sql_queue_actor& queue(const edge& e) {
  return e.actors().actors.queue;
}

// -- writes -----------------------------------------------------------------------------

void on_queued(edge& e, const exchange_ptr& x, const queue_receipt& receipt,
               bool to_disk) {
  json_writer json;
  json.open_object().member("seq", receipt.seq);
  if (!to_disk)
    return reply_buffered(*x, std::move(json), receipt.level);
  auto wait = disk_wait::begin(e, x, std::move(json), receipt.level);
  e.request(queue(e), caf::infinite, atom::persist_v, receipt.seq)
    .then([wait](durability level) { wait->reached(level); },
          [wait](const caf::error&) { wait->give_up(); });
}

// -- flushes ----------------------------------------------------------------------------

void on_queue_flushed(edge& e, const exchange_ptr& x, const flush_report& report) {
  constexpr auto all = std::numeric_limits<uint64_t>::max();
  e.request(queue(e), e.settings().disk_timeout, atom::persist_v, all)
    .then([x, report](durability) { reply_flushed(*x, report); }, refuse(x));
}

void post_queue_flush(edge& e, const exchange_ptr& x) {
  auto level = wanted_level(x->in);
  if (!level)
    return x->refuse(level.error());
  e.request(queue(e), caf::infinite, atom::flush_v)
    .then(
      [&e, x, to_disk = *level == durability::disk](const flush_report& report) {
        if (to_disk)
          on_queue_flushed(e, x, report);
        else
          reply_flushed(*x, report);
      },
      refuse(x));
}

// -- numbers ----------------------------------------------------------------------------

void ask_database(edge& e, const exchange_ptr& x, const sql_queue_stats& queued) {
  e.request(e.actors().actors.database, telling_time_max, atom::stats_v)
    .then(
      [x, queued](const database_stats& stats) {
        x->reply({200, database_json(stats, queued)});
      },
      refuse(x));
}

void get_database_metrics(edge& e, const exchange_ptr& x) {
  e.request(queue(e), telling_time_max, atom::stats_v)
    .then([&e, x](const sql_queue_stats& queued) { ask_database(e, x, queued); },
          refuse(x));
}

} // namespace

void enqueue(edge& e, const exchange_ptr& x, sql_write what) {
  auto goal = wanted_goal(x->in);
  if (!goal)
    return x->refuse(goal.error());
  queue_request entry{std::move(what), std::move(x->in.charge), goal->at_least};
  e.request(queue(e), caf::infinite, atom::append_v, std::move(entry))
    .then([&e, x, to_disk = goal->to_disk](
            const queue_receipt& receipt) { on_queued(e, x, receipt, to_disk); },
          refuse_buffered(e, x));
}

std::span<const route> queue_routes() {
  using enum verb;
  static constexpr route rows[] = {
    shared({post, "/v1/db/flush", body_kind::none, post_queue_flush, {"durability"}}),
    shared({get, "/v1/db/metrics", body_kind::none, get_database_metrics}),
  };
  return rows;
}

} // namespace sluice::http
