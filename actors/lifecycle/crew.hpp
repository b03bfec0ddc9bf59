// The CREW is everybody who is at work for a supervisor: its children, and the helpers
// that these start for themselves, each on the thread of whoever needs one. Whoever
// replaces one who died has to know that no helper of his goes on: it would write where
// its owner's successor does.
#pragma once

#include "actors/observe/instrumented.hpp"
#include "messages/directory.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_system.hpp>
#include <caf/spawn_options.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// May be told of new ones from any thread.
class crew : public std::enable_shared_from_this<crew> {
public:
  /// Takes in one of this kind, who helps those called `whose`, or nobody. `chief` hears
  /// of its death.
  template <class Handle>
  void enlist(const Handle& who, std::string_view kind, const caf::actor_addr& chief,
              const std::string& whose = {}) {
    introduce(who, [&] { enlist(who.address(), {std::string{kind}, whose}, chief); });
  }

  /// One that starts such helpers for those called `whose`. What cannot be started is
  /// null: to ask it fails, and is tried again as any failure is.
  template <class Fun, class... Ts>
  auto helpers_of(caf::actor_system& sys, directory_actor directory,
                  caf::actor_addr chief, std::string whose, Fun* fun, Ts... xs) {
    using handle =
      decltype(spawn_listed<caf::detached>(sys, directory, actor_label{}, fun, xs...));
    return [self = shared_from_this(), &sys, directory = std::move(directory),
            chief = std::move(chief), whose = std::move(whose), fun, xs...]() -> handle {
      try {
        auto who = spawn_listed<caf::detached>(
          sys, directory, actor_label{whose, chief.id()}, fun, xs...);
        self->enlist(who, name_of(fun), chief, whose);
        return who;
      } catch (const std::exception&) {
        return handle{};
      }
    };
  }

  void left(const caf::actor_addr& who);

  bool has(const caf::actor_addr& who) const;
  std::vector<caf::actor_addr> all() const;
  /// Those of all who may yet write.
  std::vector<caf::actor_addr> writing() const;
  std::vector<caf::actor_addr> helpers_of(const std::string& whose) const;
  /// `log-writer, file-syncer log-writer`
  std::string names_of(const std::vector<caf::actor_addr>& these) const;

private:
  struct post {
    std::string kind;
    /// Whom it helps, or empty.
    std::string whose;
  };

  void enlist(const caf::actor_addr& who, post what, const caf::actor_addr& chief);

  mutable std::mutex mutex_;
  std::map<caf::actor_addr, post> at_work_;
};

} // namespace sluice
