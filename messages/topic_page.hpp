// A TOPIC PAGE is some messages of one topic, framed once: the topic's history and the
// queues of all its subscribers hold the same immutable bytes.
#pragma once

#include "messages/credit.hpp"
#include "messages/type_ids.hpp"

#include <caf/meta/type_name.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// How a connection wants its messages.
enum class framing : uint8_t {
  /// Each in a frame of its own.
  single,
  /// Those of a page as one JSON array.
  batch,
  /// The same, deflated.
  deflated,
};

constexpr size_t framing_count = 3;

/// Memory that a page takes besides its frames, at most: itself, its topic's name, and
/// its place in the history.
constexpr size_t page_overhead_bytes = 512;

struct topic_page {
  std::string topic;
  /// Numbers of the first and the last message.
  uint64_t first = 0;
  uint64_t last = 0;
  /// Never dropped without a word.
  bool critical = false;
  /// Meant for one client alone: an answer, or what it lost or will never get.
  bool notice = false;
  /// One frame that holds an array of all messages.
  std::string batch;
  /// Where in it each message begins, and where another one would; one byte lies between
  /// two.
  std::vector<uint32_t> begins;
  /// The same in the other ways, where a subscriber wanted them; else empty.
  std::string single;
  std::string deflated;
  /// Pays for the bytes.
  credit charge;

  uint64_t count() const { return begins.size() - 1; }

  uint64_t bytes() const {
    return page_overhead_bytes + batch.size() + single.size() + deflated.size();
  }

  std::string_view message(size_t i) const {
    return std::string_view{batch}.substr(begins[i], begins[i + 1] - begins[i] - 1);
  }

  const std::string& framed(framing how) const {
    if (how == framing::single)
      return single;
    return how == framing::deflated && !deflated.empty() ? deflated : batch;
  }
};

using page_ptr = std::shared_ptr<const topic_page>;

/// What a window holds for a connection, in order. All that follow the same topics get
/// the same list.
struct delivery {
  std::shared_ptr<const std::vector<page_ptr>> pages;
  /// A part of what the client missed, which it asked for. It is paid for as history, and
  /// no limit of a queue cuts it.
  bool missed = false;
  /// There is more of that, for whoever asks once this is out.
  bool more = false;

  bool operator==(const delivery&) const = default;
};

/// Whoever follows topics.
using subscriber_actor = caf::typed_actor<
  /// Takes what a window brought.
  caf::reacts_to<atom::deliver, delivery>,
  /// Drops what may be dropped: the topics' memory is short.
  caf::reacts_to<atom::shed>>;

/// A page means something inside one process only; nothing of it is printed.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, delivery&) {
  return f(caf::meta::type_name("delivery"));
}

} // namespace sluice
