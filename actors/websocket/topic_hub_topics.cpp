// Which topics there are, who follows them, and what a new follower gets first.

#include "actors/detail/names.hpp"
#include "actors/websocket/topic_hub.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

// -- topics -------------------------------------------------------------------------

topic* topic_hub_state::open(const std::string& topic_name) {
  if (auto known = topics_.find(topic_name); known != topics_.end())
    return known->second.get();
  if (topics_.size() >= config_.max_topics && !forget_unused())
    return nullptr;
  const batch_size batch{config_.max_batch, config_.adaptive, config_.batch_interval};
  auto made =
    std::make_unique<topic>(topic_name, floor_, batch, config_.history, kept_, deflater_);
  made->used_at = self_->clock().now();
  return topics_.emplace(topic_name, std::move(made)).first->second.get();
}

/// Makes room by forgetting the topic that nobody follows and that was not used for
/// longest. The next of its name gets higher numbers, so that none is given twice.
bool topic_hub_state::forget_unused() {
  auto oldest = topics_.end();
  bool held_up = false;
  for (auto each = topics_.begin(); each != topics_.end(); ++each) {
    const auto& x = *each->second;
    if (!x.followers().empty())
      continue;
    if (x.has_waiting() || x.listed)
      held_up = true;
    else if (oldest == topics_.end() || x.used_at < oldest->second->used_at)
      oldest = each;
  }
  if (oldest == topics_.end() && held_up) {
    // What nobody follows is in use only as long as it waits for its window.
    flush();
    return forget_unused();
  }
  if (oldest == topics_.end())
    return false;
  floor_ = std::max(floor_, oldest->second->last());
  topics_.erase(oldest);
  ++forgotten_;
  return true;
}

caf::error topic_hub_state::too_many_topics() const {
  return caf::make_error(ec::overloaded, "all topics that websocket.max-topics allows, "
                                           + std::to_string(config_.max_topics)
                                           + ", are in use");
}

caf::error topic_hub_state::too_many_followed() const {
  return caf::make_error(ec::too_large, "a connection may follow "
                                          + std::to_string(config_.max_followed)
                                          + " topics");
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

caf::error topic_hub_state::join(follower& who, const std::vector<subscription>& topics,
                                 std::unordered_set<std::string>& joined) {
  for (const auto& wish : topics) {
    if (auto err = check_wish(wish))
      return err;
    auto* to = open(wish.topic);
    if (!to)
      return too_many_topics();
    if (who.topics.count(wish.topic) > 0)
      continue;
    if (who.topics.size() >= config_.max_followed)
      return too_many_followed();
    who.topics.insert(wish.topic);
    joined.insert(wish.topic);
    to->used_at = self_->clock().now();
    // Whoever follows it already gets what waits; the newcomer begins behind that.
    send_now(*to);
    to->join(who);
  }
  return {};
}

caf::result<std::string>
topic_hub_state::subscribe(const subscriber_actor& who, framing how,
                           const std::vector<subscription>& topics) {
  if (stopping_)
    return caf::make_error(ec::stopping, "the service is stopping");
  if (topics.size() > config_.max_followed)
    return too_many_followed();
  auto& newcomer = follower_for(who, how);
  std::unordered_set<std::string> joined;
  if (auto err = join(newcomer, topics, joined)) {
    for (const auto& each : joined)
      leave(newcomer, each);
    return err;
  }
  auto first = std::make_shared<std::vector<page_ptr>>();
  for (const auto& wish : topics) {
    if (joined.erase(wish.topic) == 0)
      continue;
    for (auto& page : beginning(wish, newcomer))
      first->push_back(std::move(page));
  }
  auto answer = self_->make_response_promise<std::string>();
  answer.deliver(config_.epoch);
  if (!first->empty())
    self_->send(newcomer.who, atom::deliver_v, delivery{std::move(first), true});
  return answer;
}

std::vector<page_ptr> topic_hub_state::beginning(const subscription& wish,
                                                 const follower& who) {
  if (!wish.after)
    return {};
  const auto seen = wish.epoch == config_.epoch ? wish.after : caf::none;
  return topics_.at(wish.topic)
    ->missed(wish.topic, seen, who.how, deflater_, *config_.memory);
}

void topic_hub_state::leave(follower& who, const std::string& topic_name) {
  if (who.topics.erase(topic_name) > 0)
    topics_.at(topic_name)->leave(who);
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
  for (const auto& each : known->second->topics)
    topics_.at(each)->leave(*known->second);
  followers_.erase(known);
}

} // namespace sluice
