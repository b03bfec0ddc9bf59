#include "app/http/answers.hpp"

#include "app/http/problem.hpp"

#include <chrono>
#include <utility>

namespace sluice::http {

namespace {

/// From a refusal of the disk to the next try of whoever waits for it.
constexpr auto ask_again_after = std::chrono::milliseconds{250};

} // namespace

answer reply_text(const edge& e, std::string text, std::string_view content_type) {
  const auto limit = e.settings().max_response_bytes;
  if (text.size() > limit)
    return problem(ec::too_large,
                   "the answer is larger than " + std::to_string(limit) + " bytes");
  return {200, std::move(text), content_type};
}

void reply_flushed(exchange& x, const flush_report& report) {
  json_writer json;
  json.open_object().member("flushed", report.flushed).close_object();
  x.reply({200, json.take()});
}

caf::expected<std::optional<durability>> wanted_level(const request& in) {
  auto word = query_reader{in.query}.text("durability");
  if (!word)
    return word.error();
  if (!*word)
    return std::optional<durability>{};
  for (auto level : {durability::memory, durability::ram, durability::disk})
    if (**word == to_string(level))
      return std::optional{level};
  return caf::make_error(ec::invalid_argument,
                         std::string{"'durability' is memory, ram or disk"});
}

caf::expected<buffered_goal> wanted_goal(const request& in) {
  auto level = wanted_level(in);
  if (!level)
    return level.error();
  buffered_goal result;
  result.to_disk = *level == durability::disk;
  if (*level == durability::ram)
    result.at_least = durability::ram;
  return result;
}

void reply_buffered(exchange& x, json_writer json, durability reached) {
  json.member("durability", to_string(reached)).close_object();
  x.reply({reached == durability::disk ? 200u : 202u, json.take()});
}

disk_wait::disk_wait(boost::asio::io_context& io, exchange_ptr x, json_writer json,
                     durability so_far)
    : timer_(io), pause_(io), x_(std::move(x)), json_(std::move(json)), so_far_(so_far) {
  // nop
}

std::shared_ptr<disk_wait> disk_wait::begin(edge& e, const exchange_ptr& x,
                                            json_writer json, durability so_far) {
  auto wait = std::make_shared<disk_wait>(e.io(), x, std::move(json), so_far);
  wait->timer_.expires_after(e.settings().disk_timeout);
  wait->timer_.async_wait([weak = std::weak_ptr{wait}](boost::system::error_code) {
    if (auto self = weak.lock())
      self->give_up();
  });
  return wait;
}

void disk_wait::later(std::function<void()> ask) {
  if (!x_)
    return;
  pause_.expires_after(ask_again_after);
  pause_.async_wait(
    [self = shared_from_this(), ask = std::move(ask)](boost::system::error_code failed) {
      if (!failed && self->x_)
        ask();
    });
}

void disk_wait::reached(durability level) {
  if (auto x = std::exchange(x_, nullptr)) {
    timer_.cancel();
    pause_.cancel();
    reply_buffered(*x, std::move(json_), level);
  }
}

} // namespace sluice::http
