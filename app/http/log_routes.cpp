// Logs: lines in, flushes, numbers, and the last lines out.
#include "app/http/answers.hpp"
#include "app/http/log_text.hpp"
#include "app/http/problem.hpp"
#include "app/http/router.hpp"
#include "app/http/stats_json.hpp"

#include <caf/sec.hpp>

#include <algorithm>
#include <limits>
#include <vector>

namespace sluice::http {

namespace {

constexpr uint64_t tail_lines_default = 100;
constexpr uint64_t tail_lines_max = 100'000;

/// A number that no log has reached: everything accepted so far.
constexpr uint64_t all_lines = std::numeric_limits<uint64_t>::max();

// -- lines in -----------------------------------------------------------------------

/// A request's lines, on their way into the log.
struct appending {
  exchange_ptr x;
  log_chunk chunk;
  bool to_disk = false;
  /// Lines that were left out, if the client asked for that.
  bool skips = false;
  std::vector<rejected_line> rejected = {};
  uint64_t rejected_more = 0;
};

using appending_ptr = std::shared_ptr<appending>;

/// What the client wants done with lines that are not valid. NDJSON says itself what its
/// lines are, text does not.
caf::expected<invalid_lines> wanted_strictness(const request& in) {
  auto word = query_reader{in.query}.text("invalid");
  if (!word)
    return word.error();
  if (!*word)
    return in.ndjson ? invalid_lines::refuse : invalid_lines::take;
  if (**word == "refuse")
    return invalid_lines::refuse;
  if (**word == "skip")
    return invalid_lines::skip;
  return invalid_argument("'invalid' is refuse or skip");
}

/// The request, checked; it keeps nothing of its lines.
caf::expected<appending_ptr> read_lines(const edge& e, const exchange_ptr& x) {
  auto& in = x->in;
  auto goal = wanted_goal(in);
  if (!goal)
    return goal.error();
  auto strictness = wanted_strictness(in);
  if (!strictness)
    return strictness.error();
  auto text =
    to_lines(std::move(in.body), {in.ndjson, *strictness, e.settings().max_line_bytes});
  if (!text)
    return text.error();
  log_chunk chunk{std::move(text->lines), text->count, std::move(in.charge),
                  goal->at_least};
  return std::make_shared<appending>(
    appending{x, std::move(chunk), goal->to_disk, *strictness == invalid_lines::skip,
              std::move(text->rejected), text->rejected_more});
}

void write_rejected(json_writer& json, const appending& what) {
  json.key("rejected").open_array();
  for (const auto& each : what.rejected)
    json.open_object()
      .member("line", each.number)
      .member("detail", each.detail)
      .close_object();
  json.close_array();
  if (what.rejected_more > 0)
    json.member("rejectedMore", what.rejected_more);
}

/// Has what was appended synced. The log's buffer may have ended since, with everything
/// on disk: then the supervisor knows.
void sync_appended(edge& e, const std::string& log, const log_buffer_actor& buffer,
                   uint64_t seq, const std::shared_ptr<disk_wait>& wait) {
  const auto reached = [wait](durability level) { wait->reached(level); };
  const auto give_up = [wait](const caf::error&) { wait->give_up(); };
  e.request(buffer, caf::infinite, atom::persist_v, seq)
    .then(reached, [&e, log, seq, reached, give_up](const caf::error& err) {
      if (err == caf::sec::request_receiver_down)
        e.request(e.actors().supervisor, caf::infinite, atom::persist_v, log, seq)
          .then(reached, give_up);
      else
        give_up(err);
    });
}

void on_appended(edge& e, const appending& what, const log_buffer_actor& buffer,
                 const log_receipt& receipt) {
  json_writer json;
  json.open_object().member("accepted", receipt.accepted).member("seq", receipt.seq);
  if (what.skips)
    write_rejected(json, what);
  if (!what.to_disk) {
    reply_buffered(*what.x, std::move(json), receipt.level);
    return;
  }
  auto wait = disk_wait::begin(e, what.x, std::move(json), receipt.level);
  sync_appended(e, what.x->in.captures[0], buffer, receipt.seq, wait);
}

void append(edge& e, const log_buffer_actor& buffer, const appending_ptr& what) {
  e.request(buffer, caf::infinite, atom::append_v, std::move(what->chunk))
    .then([&e, buffer,
           what](const log_receipt& receipt) { on_appended(e, *what, buffer, receipt); },
          refuse_buffered(e, what->x));
}

void post_lines(edge& e, const exchange_ptr& x) {
  const auto& name = x->in.captures[0];
  if (auto err = check_name(name))
    return x->refuse(err);
  auto what = read_lines(e, x);
  if (!what)
    return x->refuse(what.error());
  e.open_log(name, x, [&e, what = *what](const log_buffer_actor& buffer) {
    append(e, buffer, what);
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

void on_log_flushed(edge& e, const std::string& log, const round_ptr& round,
                    const flush_report& report) {
  if (!round->to_disk)
    return round->add(report);
  e.request(e.actors().supervisor, e.settings().disk_timeout, atom::persist_v, log,
            all_lines)
    .then([round, report](durability) { round->add(report); }, refuse(round->x));
}

void flush(edge& e, const std::string& log, const round_ptr& round) {
  ++round->missing;
  e.request(e.actors().supervisor, caf::infinite, atom::flush_v, log)
    .then([&e, log,
           round](const flush_report& report) { on_log_flushed(e, log, round, report); },
          refuse(round->x));
}

void flush_each(edge& e, const std::vector<named_log_stats>& logs,
                const round_ptr& round) {
  for (const auto& [log, stats] : logs)
    // The sum of those that are not listed is none.
    if (!check_name(log))
      flush(e, log, round);
  if (round->missing == 0)
    round->reply();
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
    .then([&e, round](
            const std::vector<named_log_stats>& logs) { flush_each(e, logs, round); },
          refuse(x));
}

void post_log_flush(edge& e, const exchange_ptr& x) {
  const auto& name = x->in.captures[0];
  if (auto err = check_name(name))
    return x->refuse(err);
  auto to_disk = syncs(x->in);
  if (!to_disk)
    return x->refuse(to_disk.error());
  flush(e, name, std::make_shared<flush_round>(flush_round{x, *to_disk}));
}

// -- numbers ------------------------------------------------------------------------

void tell_logs(exchange& x, const std::vector<named_log_stats>& logs) {
  json_writer json;
  json.open_object();
  for (const auto& [log, stats] : logs)
    write_log_stats(json.key(log), stats);
  x.reply({200, json.close_object().take()});
}

void get_logs(edge& e, const exchange_ptr& x) {
  e.request(e.actors().supervisor, telling_time_max, atom::logs_v)
    .then([x](const std::vector<named_log_stats>& logs) { tell_logs(*x, logs); },
          refuse(x));
}

void get_log(edge& e, const exchange_ptr& x) {
  const auto& name = x->in.captures[0];
  if (auto err = check_name(name))
    return x->refuse(err);
  e.request(e.actors().supervisor, telling_time_max, atom::stats_v, name)
    .then(
      [x](const log_stats& stats) {
        json_writer json;
        write_log_stats(json, stats);
        x->reply({200, json.take()});
      },
      refuse(x));
}

// -- lines out ----------------------------------------------------------------------

/// Lines are bytes: whatever their encoding is, this does not say that it is another.
void tell_tail(exchange& x, log_tail& told, uint64_t limit) {
  if (told.cut && told.lines.empty())
    return x.reply(problem(ec::too_large, "the last line alone is longer than "
                                          "http.max-response-bytes allows, "
                                            + std::to_string(limit)));
  const auto lines = std::count(told.lines.begin(), told.lines.end(), '\n');
  answer what{200, std::move(told.lines), "text/plain"};
  what.headers = "Sluice-Lines: " + std::to_string(lines) + "\r\n";
  if (told.cut)
    what.headers += "Sluice-Cut-By: http.max-response-bytes\r\n";
  x.reply(std::move(what));
}

void get_tail(edge& e, const exchange_ptr& x) {
  const auto& name = x->in.captures[0];
  if (auto err = check_name(name))
    return x->refuse(err);
  auto lines =
    query_reader{x->in.query}.number("lines", tail_lines_default, 0, tail_lines_max);
  if (!lines)
    return x->refuse(lines.error());
  const tail_bounds wanted{*lines, e.settings().max_response_bytes, e.open_room(*x)};
  e.request(e.actors().supervisor, caf::infinite, atom::tail_v, name, wanted)
    .then([x, limit = wanted.bytes](log_tail& told) { tell_tail(*x, told, limit); },
          refuse(x));
}

} // namespace

std::span<const route> log_routes() {
  using enum verb;
  // A log may be called `flush`, but lines cannot be posted to it: that path flushes.
  static constexpr route rows[] = {
    shared({post, "/v1/logs/flush", body_kind::none, post_log_flushes, {"durability"}}),
    {post, "/v1/logs/{}", body_kind::lines, post_lines, {"durability", "invalid"}},
    {post, "/v1/logs/{}/flush", body_kind::none, post_log_flush, {"durability"}},
    shared({get, "/v1/logs", body_kind::none, get_logs}),
    {get, "/v1/logs/{}", body_kind::none, get_log},
    {get, "/v1/logs/{}/tail", body_kind::none, get_tail, {"lines"}},
  };
  return rows;
}

} // namespace sluice::http
