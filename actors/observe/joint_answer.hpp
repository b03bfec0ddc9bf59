// A JOINT ANSWER is one of which several actors tell their parts, side by side. It
// is delivered when the last has told, or with the first error.
#pragma once

#include "actors/detail/owed.hpp"

#include <caf/error.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace sluice {

template <class Answer>
struct joint_answer {
  detail::owed<Answer> promise;
  Answer found;
  size_t awaited = 0;

  void arrived() {
    if (--awaited == 0)
      promise.deliver(std::move(found));
  }

  void failed(caf::error& why) {
    // A promise that is kept takes nothing more.
    promise.deliver(std::move(why));
  }
};

template <class Answer>
using joint_answer_ptr = std::shared_ptr<joint_answer<Answer>>;

/// Waits for this many parts of what is `found` already. For none the promise is kept at
/// once.
template <class Answer>
joint_answer_ptr<Answer> gather(detail::owed<Answer> promise, size_t parts,
                                Answer found = {}) {
  auto result = std::make_shared<joint_answer<Answer>>(
    joint_answer<Answer>{std::move(promise), std::move(found), parts});
  if (parts == 0)
    result->promise.deliver(std::move(result->found));
  return result;
}

/// Takes a part that belongs there.
template <class Answer, class Part>
auto into(joint_answer_ptr<Answer> round, Part Answer::*where) {
  return [round, where](Part& told) {
    round->found.*where = std::move(told);
    round->arrived();
  };
}

template <class Answer>
auto failing(joint_answer_ptr<Answer> round) {
  return [round](caf::error& why) { round->failed(why); };
}

} // namespace sluice
