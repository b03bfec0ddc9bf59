// A PAGE BUILDER collects the messages of a topic, and frames them once.
#pragma once

#include "messages/topic_page.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

class ws_deflater;

/// Ways to frame a page besides the batch that every page has.
struct framings_wanted {
  bool single = false;
  bool deflated = false;

  /// The one that this connection needs.
  static framings_wanted by(framing how) {
    return {how == framing::single, how == framing::deflated};
  }
};

class page_builder {
public:
  page_builder(std::string topic, ws_deflater& deflater)
      : topic_(std::move(topic)), deflater_(deflater) {}

  const std::string& topic() const { return topic_; }

  /// Bytes that a message will take in a page framed like that, at most.
  size_t cost_of(std::string_view data, framings_wanted how) const;

  /// Adds a message. `overtakes` marks one that passed others. Its bytes are in `charge`,
  /// which grows with each message.
  void add(uint64_t seq, std::string_view data, bool overtakes = false);

  bool empty() const { return begins_.empty(); }
  size_t count() const { return begins_.size(); }
  size_t bytes() const { return text_.size(); }

  /// What pays for the page that is being made.
  credit charge;

  /// Makes the page, and begins with the next.
  page_ptr seal(framings_wanted how, bool critical = false);

private:
  std::string topic_;
  ws_deflater& deflater_;
  std::string text_;
  std::vector<uint32_t> begins_;
  uint64_t first_ = 0;
  uint64_t last_ = 0;
};

/// The messages of `from` behind number `after`, framed for one client; null if there are
/// none. It is not deflated: that is work which only pays where many get what comes of
/// it.
std::shared_ptr<topic_page> rest_of(const topic_page& from, uint64_t after, framing how);

/// A message that is for one client alone.
page_ptr notice_page(std::string_view message, framing how);

/// `{"topic":T,"gap":true,"seq":N}`: what lies before N will never come.
page_ptr gap_notice(const std::string& topic, uint64_t seq, framing how);

/// `{"topic":T,"dropped":n,"seq":N}`: n messages up to N were lost.
page_ptr dropped_notice(const std::string& topic, uint64_t dropped, uint64_t seq,
                        framing how);

} // namespace sluice
