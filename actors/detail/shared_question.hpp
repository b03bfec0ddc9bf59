// A SHARED QUESTION is one that an actor asks many others, or that takes long to answer.
// However many want to know, it is asked in rounds, and each answer is that of all who
// waited for it.
#pragma once

#include "actors/detail/owed.hpp"
#include "actors/detail/rounds.hpp"

#include <caf/expected.hpp>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace sluice::detail {

template <class Answer>
class shared_question {
public:
  /// Asks, and delivers what is told. Called while the actor lives whose question it is.
  using way_to_ask = std::function<void(owed<Answer>)>;

  explicit shared_question(way_to_ask ask)
      : known_(std::make_shared<knowledge>(std::move(ask))) {
    // nop
  }

  /// Answers what `self` was just asked.
  template <class Self>
  caf::result<Answer> put(Self* self) {
    auto answer = owe<Answer>(self);
    known_->waiting.join(answer);
    begin(known_);
    return answer;
  }

private:
  struct knowledge {
    explicit knowledge(way_to_ask how) : ask(std::move(how)) {}

    way_to_ask ask;
    rounds<owed<Answer>> waiting;
  };

  using knowledge_ptr = std::shared_ptr<knowledge>;

  static void begin(const knowledge_ptr& x) {
    if (x->waiting.begin())
      x->ask(owed<Answer>{[x](caf::expected<Answer> told) { end(x, std::move(told)); }});
  }

  /// An error is told to all who wait: to ask once more at once would bring another one.
  /// And who asked may be about to end.
  static void end(const knowledge_ptr& x, caf::expected<Answer> told) {
    tell(x->waiting.end(), told);
    if (told)
      begin(x);
    else if (x->waiting.begin())
      tell(x->waiting.end(), told);
  }

  static void tell(std::vector<owed<Answer>> all, const caf::expected<Answer>& told) {
    for (auto& each : all) {
      if (told)
        each.deliver(*told);
      else
        each.deliver(told.error());
    }
  }

  knowledge_ptr known_;
};

} // namespace sluice::detail
