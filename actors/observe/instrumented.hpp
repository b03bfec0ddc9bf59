// INSTRUMENTED actors are those of any file, with a meter at their mailbox, and an end
// that nobody can miss. Whoever spawns one tells the directory.
#pragma once

#include "actors/detail/insist.hpp"
#include "actors/observe/actor_meter.hpp"
#include "messages/directory.hpp"
#include "messages/error.hpp"

#include <caf/actor_system.hpp>
#include <caf/detail/private_thread.hpp>
#include <caf/invoke_message_result.hpp>
#include <caf/local_actor.hpp>
#include <caf/message_id.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <exception>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

namespace sluice {

/// What an actor dies of that failed with an exception; no more than it dies of that.
inline caf::error died_of(const std::exception& what) {
  return caf::make_error(caf::sec::runtime_error,
                         std::string{"this part of the service failed within itself: "}
                           + what.what());
}

template <class Base>
class instrumented : public Base {
public:
  template <class... Ts>
  explicit instrumented(caf::actor_config& config, std::shared_ptr<actor_meter> meter,
                        Ts&&... xs)
      : Base(config, std::forward<Ts>(xs)...), meter_(std::move(meter)) {
    meter_->name_actor(this->id());
    this->attach_functor([meter = meter_] { meter->ended(); });
    this->set_exception_handler([](std::exception_ptr& thrown) -> caf::error {
      try {
        std::rethrow_exception(thrown);
      } catch (const std::exception& what) {
        return died_of(what);
      }
    });
  }

  using Base::consume;
  using Base::enqueue;

  /// Where no thread can be had, nothing is left of an actor that wanted one: CAF would
  /// wait for its end when the system ends.
  void launch(caf::execution_unit* where, bool lazy, bool hide) override {
    try {
      Base::launch(where, lazy, hide);
    } catch (const std::exception& what) {
      undo_launch(died_of(what));
      throw;
    }
  }

  /// An end of which those who watch were not told would be seen by nobody: rather than
  /// that, the process ends.
  bool cleanup(caf::error&& why, caf::execution_unit* where) noexcept override {
    return Base::cleanup(std::move(why), where);
  }

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* where) override {
    meter_->queued();
    Base::enqueue(std::move(what), where);
  }

  caf::invoke_message_result consume(caf::mailbox_element& what) override {
    const auto begun = meter_->begin();
    const auto id = what.mid;
    const auto asker = id.is_request() ? what.sender : nullptr;
    try {
      const auto result = Base::consume(what);
      meter_->end(begun, result == caf::invoke_message_result::skipped);
      return result;
    } catch (...) {
      tell_failure(asker, id);
      throw;
    }
  }

private:
  /// CAF forgets who asked before the answer is on its way, and an answer for which there
  /// is no memory would be waited for for ever. Who was told already hears no second one.
  static void tell_failure(const caf::strong_actor_ptr& asker, caf::message_id id) {
    if (!asker)
      return;
    detail::insist([&asker, id] {
      asker->enqueue(nullptr, id.response_id(),
                     caf::make_message(caf::make_error(caf::sec::runtime_error)),
                     nullptr);
    });
  }

  void undo_launch(caf::error why) {
    if (auto* thread = std::exchange(this->private_thread_, nullptr)) {
      delete thread;
      this->system().dec_detached_threads();
      caf::intrusive_ptr_release(this->ctrl());
    }
    this->unsetf(caf::abstract_actor::is_detached_flag);
    this->quit(std::move(why));
    this->finalize();
  }

  std::shared_ptr<actor_meter> meter_;
};

/// An actor that a function makes, as CAF's own function-based actors are.
template <class Base>
class instrumented_function : public instrumented<Base> {
public:
  template <class Factory>
  instrumented_function(caf::actor_config& config, std::shared_ptr<actor_meter> meter,
                        Factory behavior)
      : instrumented<Base>(with(config, std::move(behavior)), std::move(meter)) {}

private:
  template <class Factory>
  static caf::actor_config& with(caf::actor_config& config, Factory behavior) {
    config.init_fun = caf::actor_config::init_fun_type{std::move(behavior)};
    return config;
  }
};

/// The name that the state of an actor gives it, which `fun` starts.
template <class Behavior, class State, class Parent, class... Params>
const char* name_of(Behavior (*)(caf::stateful_actor<State, Parent>*, Params...)) {
  return State::name;
}

/// Spawns `fun` as `host`, an actor or the system, would, with a meter, and returns what
/// to tell the directory too.
template <caf::spawn_options Options = caf::no_spawn_options, class Host, class Behavior,
          class Base, class... Params, class... Ts>
auto spawn_metered(Host& host, actor_label label, Behavior (*fun)(Base*, Params...),
                   Ts&&... xs) {
  auto factory = [fun, all = std::tuple<std::decay_t<Params>...>(
                         std::forward<Ts>(xs)...)](caf::local_actor* self) mutable {
    auto call = [&](auto&... each) {
      return fun(static_cast<Base*>(self), std::move(each)...);
    };
    return caf::behavior{std::move(std::apply(call, all).unbox())};
  };
  auto meter = std::make_shared<actor_meter>(name_of(fun), std::move(label));
  auto who =
    host.template spawn<instrumented_function<Base>, Options>(meter, std::move(factory));
  return std::pair{std::move(who), directory_entrance{std::move(meter)}};
}

/// Has others told of one that was just started. Where that fails nobody would ever hear
/// of it, or of its end: it goes.
template <class Handle, class F>
void introduce(const Handle& who, F tell) {
  try {
    tell();
  } catch (const std::exception&) {
    detail::insist([&who] { caf::anon_send_exit(who, caf::exit_reason::kill); });
    throw;
  }
}

/// The same, told to the directory.
template <caf::spawn_options Options = caf::no_spawn_options, class Host, class Fun,
          class... Ts>
auto spawn_listed(Host& host, const directory_actor& directory, actor_label label,
                  Fun* fun, Ts&&... xs) {
  auto [who, entrance] =
    spawn_metered<Options>(host, std::move(label), fun, std::forward<Ts>(xs)...);
  introduce(who, [&directory, &told = entrance] {
    caf::anon_send(directory, atom::enter_v, std::move(told));
  });
  return who;
}

} // namespace sluice
