#include "actors/websocket/page_builder.hpp"

#include "actors/websocket/ws_deflater.hpp"
#include "actors/websocket/ws_frame.hpp"

#include <utility>

namespace sluice {

namespace {

/// What stands around a message's topic and data, its own frame's header included, with
/// the longest number.
constexpr size_t wrapping_bytes = 80;

/// `{"topic":T,`: names need no escapes.
std::string about(const std::string& topic) {
  return R"({"topic":")" + topic + "\",";
}

std::string frame_batch(std::string_view messages) {
  std::string frame;
  frame.reserve(messages.size() + 16);
  append_text_header(frame, messages.size() + 2);
  frame += '[';
  frame += messages;
  frame += ']';
  return frame;
}

/// Fills in the frames of a page whose `begins` count from its first message.
void frame_messages(topic_page& page, std::string_view messages, framings_wanted how,
                    ws_deflater* deflater) {
  page.batch = frame_batch(messages);
  const auto shift = static_cast<uint32_t>(page.batch.size() - messages.size() - 1);
  for (auto& each : page.begins)
    each += shift;
  if (how.single)
    for (size_t i = 0; i < page.count(); ++i)
      append_text_frame(page.single, page.message(i));
  if (how.deflated && deflater)
    page.deflated = deflater->frame(std::string_view{page.batch}.substr(shift - 1));
}

} // namespace

size_t page_builder::cost_of(std::string_view data, framings_wanted how) const {
  const size_t ways = 1 + (how.single ? 1 : 0) + (how.deflated ? 1 : 0);
  return (empty() ? page_overhead_bytes : 0)
         + ways * (data.size() + topic_.size() + wrapping_bytes);
}

void page_builder::add(uint64_t seq, std::string_view data, bool overtakes) {
  if (begins_.empty())
    first_ = seq;
  else
    text_ += ',';
  begins_.push_back(static_cast<uint32_t>(text_.size()));
  text_ += about(topic_);
  text_.append(R"("seq":)").append(std::to_string(seq));
  if (overtakes)
    text_ += R"(,"critical":true)";
  text_.append(R"(,"data":)").append(data);
  text_ += '}';
  last_ = seq;
}

page_ptr page_builder::seal(framings_wanted how, bool critical) {
  auto page = std::make_shared<topic_page>();
  page->topic = topic_;
  page->first = first_;
  page->last = last_;
  page->critical = critical;
  page->begins = std::exchange(begins_, {});
  page->begins.push_back(static_cast<uint32_t>(text_.size() + 1));
  page->charge = std::exchange(charge, {});
  frame_messages(*page, text_, how, &deflater_);
  text_.clear();
  return page;
}

std::shared_ptr<topic_page> rest_of(const topic_page& from, uint64_t after, framing how) {
  if (from.last <= after)
    return nullptr;
  const auto skipped = after < from.first ? 0 : after - from.first + 1;
  const auto begin = from.begins[skipped];
  const auto end = from.begins.back() - 1;
  auto page = std::make_shared<topic_page>();
  page->topic = from.topic;
  page->first = from.first + skipped;
  page->last = from.last;
  page->critical = from.critical;
  for (size_t i = skipped; i < from.begins.size(); ++i)
    page->begins.push_back(from.begins[i] - begin);
  frame_messages(*page, std::string_view{from.batch}.substr(begin, end - begin),
                 {how == framing::single, false}, nullptr);
  if (how == framing::single)
    page->batch = {};
  return page;
}

page_ptr notice_page(std::string_view message, framing how) {
  auto page = std::make_shared<topic_page>();
  page->notice = true;
  page->begins = {0, static_cast<uint32_t>(message.size() + 1)};
  frame_messages(*page, message, framings_wanted::by(how), nullptr);
  return page;
}

page_ptr gap_notice(const std::string& topic, uint64_t seq, framing how) {
  return notice_page(about(topic) + R"("gap":true,"seq":)" + std::to_string(seq) + '}',
                     how);
}

page_ptr dropped_notice(const std::string& topic, uint64_t dropped, uint64_t seq,
                        framing how) {
  return notice_page(about(topic) + R"("dropped":)" + std::to_string(dropped)
                       + R"(,"seq":)" + std::to_string(seq) + '}',
                     how);
}

} // namespace sluice
