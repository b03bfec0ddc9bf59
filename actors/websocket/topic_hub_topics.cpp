// Which topics there are, who follows them, and what a new follower gets first.

#include "actors/detail/names.hpp"
#include "actors/websocket/topic_hub.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

/// What a topic and a subscription take in memory, at most, besides their names: each
/// stands in a table of the hub's, and the second in one of its connection's too.
constexpr size_t topic_bytes = 1'024;
constexpr size_t subscription_bytes = 320;

/// Of what a client missed it is sent so much at once, and asks again when that is out:
/// so it never has the hub to itself, and holds no more of histories than it takes.
constexpr uint64_t part_bytes_max = 65'536;
/// What a notice counts for in that: no budget pays for it.
constexpr uint64_t notice_bytes = 4'096;

caf::error names_full() {
  return caf::make_error(ec::overloaded, "topics and subscriptions take all the memory "
                                         "that websocket.max-total-queue-bytes leaves to "
                                         "names");
}

} // namespace

// -- topics -------------------------------------------------------------------------

topic* topic_hub_state::open(const std::string& topic_name) {
  if (auto known = topics_.find(topic_name); known != topics_.end())
    return known->second.get();
  while (topics_.size() >= config_.max_topics)
    if (!forget_unused())
      return nullptr;
  return make(topic_name);
}

topic* topic_hub_state::make(const std::string& topic_name) {
  auto [charge, paid] = names_->try_draw(topic_bytes + topic_name.size());
  if (!paid)
    return forget_unused() ? make(topic_name) : nullptr;
  const batch_size batch{config_.max_batch, config_.adaptive, config_.batch_interval};
  auto made = std::make_unique<topic>(topic_name, floor_, batch, config_.history, kept_,
                                      deflater_, std::move(charge));
  made->place = unfollowed_.insert(unfollowed_.end(), made.get());
  return topics_.emplace(topic_name, std::move(made)).first->second.get();
}

/// Makes room by forgetting the topic that nobody follows and that was not used for
/// longest. The next of its name gets higher numbers, so that none is given twice.
bool topic_hub_state::forget_unused() {
  if (unfollowed_.empty())
    return false;
  auto& oldest = *unfollowed_.front();
  // What waits for its window is history now, like all that nobody follows.
  leave_window(oldest);
  floor_ = std::max(floor_, oldest.last());
  unfollowed_.pop_front();
  topics_.erase(topics_.find(oldest.name()));
  ++forgotten_;
  return true;
}

void topic_hub_state::touch(topic& which) {
  auto& among = which.is_followed() ? followed_ : unfollowed_;
  among.splice(among.end(), among, which.place);
}

caf::error topic_hub_state::no_topic() {
  ++topics_refused_;
  if (topics_.size() < config_.max_topics)
    return names_full();
  return caf::make_error(ec::overloaded, "all topics that websocket.max-topics allows, "
                                           + std::to_string(config_.max_topics)
                                           + ", are followed");
}

caf::error topic_hub_state::too_many_followed() {
  ++subscriptions_refused_;
  return caf::make_error(ec::too_large,
                         "a connection may follow " + std::to_string(config_.max_followed)
                           + " topics, which is what websocket.max-subscriptions says");
}

// -- followers ----------------------------------------------------------------------

follower& topic_hub_state::follower_for(const subscriber_actor& who, framing how) {
  auto address = caf::actor_cast<caf::actor_addr>(who);
  auto& known = followers_[address];
  if (!known) {
    known = std::make_unique<follower>();
    known->who = who;
    known->how = how;
    self_->monitor(who);
  }
  return *known;
}

namespace {

caf::error check_wish(const subscription& wish) {
  if (!detail::valid_name(wish.topic))
    return caf::make_error(ec::invalid_argument, "this is no name of a topic");
  if (wish.after && wish.epoch.empty())
    return caf::make_error(ec::invalid_argument,
                           R"("after" means something only with its "epoch")");
  return {};
}

} // namespace

/// Topics that nobody follows give way.
caf::expected<credit> topic_hub_state::pay_for_following(const topic& which) {
  const auto cost = subscription_bytes + 2 * which.name().size();
  for (;;) {
    auto [charge, paid] = names_->try_draw(cost);
    if (paid)
      return std::move(charge);
    if (unfollowed_.empty() || unfollowed_.front() == &which)
      return names_full();
    forget_unused();
  }
}

/// Whether all of it can be followed, before any of it is.
caf::error topic_hub_state::check_room(const follower& who,
                                       const std::vector<subscription>& topics) {
  std::unordered_set<std::string_view> fresh;
  for (const auto& wish : topics) {
    if (auto err = check_wish(wish))
      return err;
    if (!who.topics.contains(wish.topic))
      fresh.insert(wish.topic);
  }
  return who.topics.size() + fresh.size() > config_.max_followed ? too_many_followed()
                                                                 : caf::error{};
}

caf::error topic_hub_state::join(follower& who, const std::vector<subscription>& topics,
                                 std::unordered_set<std::string>& joined) {
  if (auto err = check_room(who, topics))
    return err;
  for (const auto& wish : topics) {
    if (who.topics.contains(wish.topic))
      continue;
    if (auto err = join(who, wish))
      return err;
    joined.insert(wish.topic);
  }
  return {};
}

caf::error topic_hub_state::join(follower& who, const subscription& wish) {
  auto* to = open(wish.topic);
  if (!to)
    return no_topic();
  touch(*to);
  auto charge = pay_for_following(*to);
  if (!charge) {
    ++subscriptions_refused_;
    return std::move(charge.error());
  }
  auto& place =
    who.topics.emplace(wish.topic, following{std::move(*charge)}).first->second;
  // Whoever follows it already gets what waits; the newcomer begins behind that.
  send_now(*to);
  if (!to->is_followed())
    followed_.splice(followed_.end(), unfollowed_, to->place);
  if (wish.after) {
    const auto seen = wish.epoch == config_.epoch ? wish.after : caf::none;
    place.behind = who.behind.insert(who.behind.end(), to->stand(seen));
    to->join_behind(who);
  } else {
    to->join(who);
  }
  return {};
}

caf::result<std::string>
topic_hub_state::subscribe(const subscriber_actor& who, framing how,
                           const std::vector<subscription>& topics) {
  if (stopping_)
    return caf::make_error(ec::stopping, "the service is stopping");
  auto& newcomer = follower_for(who, how);
  std::unordered_set<std::string> joined;
  if (auto err = join(newcomer, topics, joined)) {
    for (const auto& each : joined)
      leave(newcomer, each);
    return err;
  }
  return config_.epoch;
}

void topic_hub_state::leave(follower& who, const std::string& topic_name) {
  const auto found = who.topics.find(topic_name);
  if (found == who.topics.end())
    return;
  if (found->second.behind)
    who.behind.erase(*found->second.behind);
  who.topics.erase(found);
  leave(who, *topics_.at(topic_name));
}

void topic_hub_state::leave(follower& who, topic& which) {
  which.leave(who);
  if (!which.is_followed())
    unfollowed_.splice(unfollowed_.end(), followed_, which.place);
}

bool topic_hub_state::leave(const subscriber_actor& who,
                            const std::vector<std::string>& topics) {
  auto known = followers_.find(caf::actor_cast<caf::actor_addr>(who));
  if (known != followers_.end())
    for (const auto& each : topics)
      leave(*known->second, each);
  return true;
}

void topic_hub_state::on_down(const caf::actor_addr& who) {
  auto known = followers_.find(who);
  if (known == followers_.end())
    return;
  for (const auto& [topic_name, place] : known->second->topics)
    leave(*known->second, *topics_.at(topic_name));
  followers_.erase(known);
}

// -- what was missed ----------------------------------------------------------------

void topic_hub_state::send_missed(const subscriber_actor& who) {
  const auto known = followers_.find(caf::actor_cast<caf::actor_addr>(who));
  if (known == followers_.end())
    return;
  auto& to = *known->second;
  auto part = std::make_shared<std::vector<page_ptr>>();
  uint64_t bytes = 0;
  while (!to.behind.empty() && bytes < part_bytes_max) {
    const auto before = part->size();
    add_missed(to, *part);
    bytes += page_overhead_bytes; // to find nothing is work too
    for (auto i = before; i < part->size(); ++i)
      bytes += (*part)[i]->notice ? notice_bytes : (*part)[i]->bytes();
  }
  self_->send(to.who, atom::deliver_v,
              delivery{std::move(part), true, !to.behind.empty()});
}

/// The next page of the first history that it has not seen to the end; or there it is at
/// the end, and handed what is new from now on.
void topic_hub_state::add_missed(follower& to, std::vector<page_ptr>& part) {
  auto& at = to.behind.front();
  auto& from = *at.of;
  if (from.add_missed(at, to.how, *config_.memory, part))
    return;
  // What waits is history then; it goes to all others first, so that it is not sent
  // twice.
  if (from.has_waiting())
    return send_now(from);
  from.add_last_gap(at, to.how, part);
  from.catch_up(to);
  to.topics.at(from.name()).behind.reset();
  to.behind.pop_front();
}

} // namespace sluice
