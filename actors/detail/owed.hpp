// An OWED answer is a promise that cannot be forgotten: if the last who holds it goes
// without having answered, because its actor died or failed half-way, whoever asked is
// told what a dead actor's mailbox would tell.
#pragma once

#include <caf/local_actor.hpp>
#include <caf/result.hpp>
#include <caf/sec.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <utility>

namespace sluice::detail {

template <class Answer>
class owed {
public:
  /// Owes nobody anything.
  owed() = default;

  /// Owes what `self` was just asked for. Whatever fails from here on, it is owed.
  template <class Self>
  explicit owed(Self* self) : debt_(std::make_shared<debt>()) {
    debt_->promise = self->template make_response_promise<Answer>();
  }

  void deliver(Answer what) {
    if (debt_)
      debt_->promise.deliver(std::move(what));
  }

  void deliver(caf::error why) {
    if (debt_)
      debt_->promise.deliver(std::move(why));
  }

  bool pending() const { return debt_ != nullptr && debt_->promise.pending(); }

  /// What a handler returns that answers later.
  operator caf::result<Answer>() const { return caf::delegated<Answer>{}; }

private:
  struct debt {
    debt() = default;
    debt(const debt&) = delete;
    debt& operator=(const debt&) = delete;

    ~debt() {
      const caf::response_promise& x = promise;
      if (x.pending() && !x.async())
        promise.deliver(caf::make_error(caf::sec::request_receiver_down));
    }

    caf::typed_response_promise<Answer> promise;
  };

  std::shared_ptr<debt> debt_;
};

/// The answer to what `self` was just asked.
template <class Answer, class Self>
owed<Answer> owe(Self* self) {
  return owed<Answer>{self};
}

} // namespace sluice::detail
