// The PLACES that connections take, by how much is lost if one has to give its own to
// another. Moving costs a few pointers, so that every request can.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>

namespace sluice::http {

class connection;

class places {
public:
  using clock = std::chrono::steady_clock;

  /// A body that comes in, or an answer that goes out, has so much time before its pace
  /// counts.
  static constexpr auto pace_grace = std::chrono::seconds{5};

  /// In the order in which they have to go, and of one kind who is it for longest.
  enum class kind : uint8_t {
    /// Has never asked anything.
    silent,
    /// Has its last answer.
    leaving,
    /// Between two requests, or at most at the next one's header.
    resting,
    /// A body is coming in.
    asking,
    /// An answer goes out.
    taking,
    /// Owes an answer, and never has to go.
    busy,
  };

  struct holder {
    connection* who;
    kind as;
    clock::time_point since;
  };

  using place = std::list<holder>::iterator;

  place take(connection* who);
  void move(place which, kind to);
  void leave(place which);

  size_t size() const { return size_; }

  /// Who has never asked anything, for longest; null if there is none.
  connection* longest_silent() const;

  /// Who owes an answer, for longest first.
  const std::list<holder>& busy() const { return all(kind::busy); }

  /// Who has to go for one more; null if nobody has to.
  connection* first_to_go(clock::time_point now) const;

private:
  static constexpr size_t kinds = static_cast<size_t>(kind::busy) + 1;

  std::list<holder>& all(kind x) { return all_[static_cast<size_t>(x)]; }
  const std::list<holder>& all(kind x) const { return all_[static_cast<size_t>(x)]; }

  std::array<std::list<holder>, kinds> all_;
  size_t size_ = 0;
};

} // namespace sluice::http
