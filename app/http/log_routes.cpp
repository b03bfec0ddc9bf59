// Logs: lines in, flushes, numbers, and the last lines out.
#include "app/http/answers.hpp"
#include "app/http/log_text.hpp"
#include "app/http/problem.hpp"
#include "app/http/router.hpp"
#include "app/http/stats_json.hpp"

#include "actors/detail/json_input.hpp"

#include <limits>

namespace sluice::http {

namespace {

constexpr uint64_t tail_lines_default = 100;
constexpr uint64_t tail_lines_max = 100'000;

/// A number that no log has reached: everything accepted so far.
constexpr uint64_t all_lines = std::numeric_limits<uint64_t>::max();

// -- lines in -----------------------------------------------------------------------

/// Lines of the request, checked; the request keeps nothing of them.
caf::expected<log_text> read_lines(request& in) {
  auto text = to_lines(std::move(in.body));
  if (text && in.ndjson)
    if (auto err = json::check_lines(text->lines))
      return err;
  return text;
}

void on_appended(edge& e, const exchange_ptr& x, const log_buffer_actor& buffer,
                 const log_receipt& receipt, bool to_disk) {
  json_writer json;
  json.open_object().member("accepted", receipt.accepted).member("seq", receipt.seq);
  if (!to_disk) {
    reply_buffered(*x, std::move(json), receipt.level);
    return;
  }
  auto wait = disk_wait::begin(e, x, std::move(json), receipt.level);
  e.request(buffer, caf::infinite, atom::persist_v, receipt.seq)
    .then([wait](durability level) { wait->reached(level); },
          [wait](const caf::error&) { wait->give_up(); });
}

void append(edge& e, const exchange_ptr& x, const log_buffer_actor& buffer,
            log_chunk chunk, bool to_disk) {
  e.request(buffer, caf::infinite, atom::append_v, std::move(chunk))
    .then([&e, x, buffer, to_disk](
            const log_receipt& receipt) { on_appended(e, x, buffer, receipt, to_disk); },
          refuse_buffered(e, x));
}

void post_lines(edge& e, const exchange_ptr& x) {
  const auto& name = x->in.captures[0];
  if (auto err = check_name(name))
    return x->refuse(err);
  auto goal = wanted_goal(x->in);
  if (!goal)
    return x->refuse(goal.error());
  auto text = read_lines(x->in);
  if (!text)
    return x->refuse(text.error());
  auto chunk = std::make_shared<log_chunk>(log_chunk{
    std::move(text->lines), text->count, std::move(x->in.charge), goal->at_least});
  e.open_log(name, x,
             [&e, x, chunk, disk = goal->to_disk](const log_buffer_actor& buffer) {
               append(e, x, buffer, std::move(*chunk), disk);
             });
}

// -- flushes ------------------------------------------------------------------------

/// Several logs' flushes, answered as one.
struct flush_round {
  exchange_ptr x;
  bool to_disk = false;
  size_t missing = 0;
  uint64_t flushed = 0;

  void add(const flush_report& report) {
    flushed += report.flushed;
    if (--missing == 0)
      reply();
  }

  void reply() { reply_flushed(*x, {flushed}); }
};

using round_ptr = std::shared_ptr<flush_round>;

void on_log_flushed(edge& e, const log_buffer_actor& buffer, const round_ptr& round,
                    const flush_report& report) {
  if (!round->to_disk)
    return round->add(report);
  e.request(buffer, e.settings().disk_timeout, atom::persist_v, all_lines)
    .then([round, report](durability) { round->add(report); }, refuse(round->x));
}

void flush(edge& e, const log_buffer_actor& buffer, const round_ptr& round) {
  e.request(buffer, caf::infinite, atom::flush_v)
    .then([&e, buffer, round](
            const flush_report& report) { on_log_flushed(e, buffer, round, report); },
          refuse(round->x));
}

void flush_each(edge& e, const std::vector<log_entry>& logs, const round_ptr& round) {
  round->missing = logs.size();
  if (logs.empty())
    round->reply();
  for (const auto& log : logs)
    flush(e, log.buffer, round);
}

/// Whether a flush is to end with a sync. There is no other level to ask for.
caf::expected<bool> syncs(const request& in) {
  auto level = wanted_level(in);
  if (!level)
    return level.error();
  return *level == durability::disk;
}

void post_log_flushes(edge& e, const exchange_ptr& x) {
  auto to_disk = syncs(x->in);
  if (!to_disk)
    return x->refuse(to_disk.error());
  auto round = std::make_shared<flush_round>(flush_round{x, *to_disk});
  e.request(e.actors().supervisor, telling_time_max, atom::logs_v)
    .then([&e, round](const std::vector<log_entry>& logs) { flush_each(e, logs, round); },
          refuse(x));
}

void post_log_flush(edge& e, const exchange_ptr& x) {
  const auto& name = x->in.captures[0];
  if (auto err = check_name(name))
    return x->refuse(err);
  auto to_disk = syncs(x->in);
  if (!to_disk)
    return x->refuse(to_disk.error());
  auto round = std::make_shared<flush_round>(flush_round{x, *to_disk});
  e.find_log(name, x, [&e, round, name](const log_buffer_actor& buffer) {
    flush_each(e, {{name, buffer}}, round);
  });
}

// -- numbers ------------------------------------------------------------------------

/// The numbers of several logs, answered as one object.
struct stats_round {
  exchange_ptr x;
  size_t missing = 0;
  std::map<std::string, log_stats> found;

  void add(const std::string& name, const log_stats& stats) {
    found.emplace(name, stats);
    if (--missing == 0)
      reply();
  }

  void reply() {
    json_writer json;
    json.open_object();
    for (const auto& [name, stats] : found)
      write_log_stats(json.key(name), stats);
    x->reply({200, json.close_object().take()});
  }
};

void ask_each(edge& e, const std::vector<log_entry>& logs, const exchange_ptr& x) {
  auto round = std::make_shared<stats_round>(stats_round{x, logs.size(), {}});
  if (logs.empty())
    round->reply();
  for (const auto& log : logs)
    e.request(log.buffer, telling_time_max, atom::stats_v)
      .then([round, name = log.name](const log_stats& stats) { round->add(name, stats); },
            refuse(x));
}

void get_logs(edge& e, const exchange_ptr& x) {
  e.request(e.actors().supervisor, telling_time_max, atom::logs_v)
    .then([&e, x](const std::vector<log_entry>& logs) { ask_each(e, logs, x); },
          refuse(x));
}

void get_log(edge& e, const exchange_ptr& x) {
  const auto& name = x->in.captures[0];
  if (auto err = check_name(name))
    return x->refuse(err);
  e.find_log(name, x, [&e, x](const log_buffer_actor& buffer) {
    e.request(buffer, telling_time_max, atom::stats_v)
      .then(
        [x](const log_stats& stats) {
          json_writer json;
          write_log_stats(json, stats);
          x->reply({200, json.take()});
        },
        refuse(x));
  });
}

// -- lines out ----------------------------------------------------------------------

void get_tail(edge& e, const exchange_ptr& x) {
  const auto& name = x->in.captures[0];
  if (auto err = check_name(name))
    return x->refuse(err);
  auto lines =
    query_reader{x->in.query}.number("lines", tail_lines_default, 0, tail_lines_max);
  if (!lines)
    return x->refuse(lines.error());
  e.find_log(name, x, [&e, x, n = *lines](const log_buffer_actor& buffer) {
    e.request(buffer, caf::infinite, atom::tail_v, n)
      .then(
        [&e, x](std::string& text) {
          x->reply(reply_text(e, std::move(text), "text/plain; charset=utf-8"));
        },
        refuse(x));
  });
}

} // namespace

std::span<const route> log_routes() {
  using enum verb;
  // A log may be called `flush`, but lines cannot be posted to it: that path flushes.
  static constexpr route rows[] = {
    {post, "/v1/logs/flush", body_kind::none, post_log_flushes, {"durability"}},
    {post, "/v1/logs/{}", body_kind::lines, post_lines, {"durability"}},
    {post, "/v1/logs/{}/flush", body_kind::none, post_log_flush, {"durability"}},
    {get, "/v1/logs", body_kind::none, get_logs},
    {get, "/v1/logs/{}", body_kind::none, get_log},
    {get, "/v1/logs/{}/tail", body_kind::none, get_tail, {"lines"}},
  };
  return rows;
}

} // namespace sluice::http
