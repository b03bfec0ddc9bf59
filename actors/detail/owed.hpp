// An OWED answer is a promise that cannot be forgotten: if the last who holds it goes
// without having answered, because its actor died or failed half-way, whoever asked is
// told what a dead actor's mailbox would tell. It may be owed to a function instead,
// which is called once.
#pragma once

#include <caf/expected.hpp>
#include <caf/local_actor.hpp>
#include <caf/result.hpp>
#include <caf/sec.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>
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

  using taker = std::function<void(caf::expected<Answer>)>;

  /// Owes it to `whom`.
  explicit owed(taker whom) : debt_(std::make_shared<debt>()) {
    debt_->whom = std::move(whom);
  }

  void deliver(Answer what) { pay(std::move(what)); }

  void deliver(caf::error why) { pay(std::move(why)); }

  bool pending() const { return debt_ != nullptr && debt_->is_open(); }

  /// What a handler returns that answers later.
  operator caf::result<Answer>() const { return caf::delegated<Answer>{}; }

private:
  struct debt {
    debt() = default;
    debt(const debt&) = delete;
    debt& operator=(const debt&) = delete;

    ~debt() {
      const caf::response_promise& x = promise;
      if (whom || (x.pending() && !x.async()))
        pay(caf::make_error(caf::sec::request_receiver_down));
    }

    bool is_open() const { return whom != nullptr || promise.pending(); }

    template <class T>
    void pay(T what) {
      if (auto one = std::exchange(whom, nullptr))
        one(std::move(what));
      else
        promise.deliver(std::move(what));
    }

    caf::typed_response_promise<Answer> promise;
    taker whom;
  };

  template <class T>
  void pay(T what) {
    if (debt_)
      debt_->pay(std::move(what));
  }

  std::shared_ptr<debt> debt_;
};

/// The answer to what `self` was just asked.
template <class Answer, class Self>
owed<Answer> owe(Self* self) {
  return owed<Answer>{self};
}

} // namespace sluice::detail
