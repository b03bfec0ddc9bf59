#include "app/http/edge.hpp"

#include "app/http/problem.hpp"
#include "messages/answer_room.hpp"

#include <algorithm>

namespace sluice::http {

namespace {

using clock = std::chrono::steady_clock;

/// How long a survey's word about the disk is taken for the present: the edge is
/// asked for every request while there is no room.
constexpr auto belief = std::chrono::seconds{1};

bool tells_of_failed_writing(const status_report& report) {
  return std::any_of(report.alerts.begin(), report.alerts.end(), [](const alert& x) {
    return x.id.ends_with("-write-failed") || x.id.ends_with("-sync-failed");
  });
}

void reply_no_room(exchange& x, bool writing_fails, const std::string& why) {
  if (writing_fails)
    x.reply(problem(ec::disk_failed, "the disk refuses what waits, and nothing more "
                                     "can be kept in memory"));
  else
    x.reply(problem(ec::overloaded, why));
}

} // namespace

edge::edge(caf::actor_config& config, boost::asio::io_context& io, http_settings settings,
           backend what)
    : asio_actor(config, io), io_(io), settings_(std::move(settings)),
      backend_(std::move(what)) {
  // nop
}

int64_t edge::uptime_ms() const {
  using std::chrono::milliseconds;
  return std::chrono::duration_cast<milliseconds>(clock::now() - since_).count();
}

void edge::open_log(const std::string& name, const exchange_ptr& x, log_user use) {
  if (auto known = logs_.find(name); known != logs_.end()) {
    use(known->second);
    return;
  }
  request(backend_.supervisor, caf::infinite, atom::open_v, name)
    .then(
      [this, name, use = std::move(use)](const log_buffer_actor& buffer) {
        remember(name, buffer);
        use(buffer);
      },
      refuse(x));
}

void edge::refuse_no_room(const exchange_ptr& x, const std::string& why) {
  if (clock::now() < believed_until_) {
    reply_no_room(*x, writing_fails_, why);
    return;
  }
  request(backend_.supervisor, telling_time_max, atom::survey_v)
    .then(
      [this, x, why](const std::vector<status_report>& reports) {
        writing_fails_ =
          std::any_of(reports.begin(), reports.end(), tells_of_failed_writing);
        believed_until_ = clock::now() + belief;
        reply_no_room(*x, writing_fails_, why);
      },
      [x, why](const caf::error&) { reply_no_room(*x, false, why); });
}

credit edge::open_room(exchange& x) {
  if (x.in.room == credit{})
    x.in.room = backend_.answers->open();
  return x.in.room;
}

void edge::hold(answer& what) {
  if (what.body.size() > small_answer_bytes_max && what.room == credit{})
    what.room = backend_.answers->open();
  const auto err = hold_answer(what.room, what.body.size());
  if (!err || what.on_room == claim::sure)
    return;
  if (what.on_room == claim::kept_back)
    what.room = kept_back_->open();
  if (what.on_room == claim::none || !what.room.try_hold(what.body.size()))
    what = problem(err);
}

void edge::remember(const std::string& name, const log_buffer_actor& buffer) {
  monitor(buffer);
  logs_.insert_or_assign(name, buffer);
}

void edge::forget(const caf::actor_addr& who) {
  std::erase_if(logs_, [&](const auto& x) {
    return caf::actor_cast<caf::actor_addr>(x.second) == who;
  });
}

bool edge::forget_all(const std::vector<std::string>& names) {
  for (const auto& name : names)
    logs_.erase(name);
  return true;
}

void edge::use(const subsystems& now) {
  const auto other_metrics = now.metrics != backend_.actors.metrics;
  backend_.actors = now;
  if (other_metrics)
    send(now.metrics, atom::attach_v, caf::actor_cast<metered_actor>(this));
}

metrics_report edge::collect() {
  look_();
  traffic_.network_sent += sent_elsewhere_->exchange(0);
  return {std::exchange(traffic_, {})};
}

status_report edge::status() const {
  look_();
  status_report report;
  report.name = "edge";
  report.held_bytes = backend_.answers->used_bytes();
  report.troubles = {{"http-answers-refused", backend_.answers->refusals()},
                     {"http-slow-readers-closed", slow_readers_}};
  tell_(report);
  return report;
}

caf::behavior edge::make_behavior() {
  set_down_handler([this](caf::down_msg& x) { forget(x.source); });
  return {
    [this](atom::collect) { return collect(); },
    [this](atom::attach, const subsystems& now) { use(now); },
    [this](atom::status) { return status(); },
    [this](atom::forget, const std::vector<std::string>& names) {
      return forget_all(names);
    },
  };
}

} // namespace sluice::http
