// The CHILD TABLE says of each kind of child when it stops, whom it feeds and what its
// death means; and it holds the children that there are.
#pragma once

#include "actors/lifecycle/children.hpp"

#include <caf/actor_addr.hpp>

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace sluice {

/// How one who died is replaced.
enum class revival {
  alone,
  /// With all who depend on each other, since each has handles of the next.
  jointly,
  /// Nobody can, and so the service ends.
  never,
};

struct child_kind {
  std::string_view name;
  /// None where another child stops it.
  std::optional<stage> stops_at;
  revival after_death;
  /// Knows nothing of the others, and so stays while they are started anew.
  bool outlives_others;
  /// Those that take what it lets go of: it cannot drain without them.
  std::string_view feeds;
  std::string_view feeds_too;
  /// Changes no file, and so hurts nobody who comes after it.
  bool only_reads = false;
};

/// Null if there is no such kind.
const child_kind* find_kind(std::string_view name);

/// What there is to know of a kind; of an unknown one nothing is assumed that could hurt.
const child_kind& kind_of(std::string_view name);

/// Those of the kinds that are `there` that cannot drain, since what they feed is dead,
/// or feeds somebody who is.
std::set<std::string> cut_off_by(const std::set<std::string>& dead,
                                 const std::set<std::string>& there);

/// The children that there are.
class child_table {
public:
  /// Takes one in; `kind_of` its name says when it stops, or that another child stops it.
  void add(std::string name, std::string key, managed_actor handle);

  /// Takes one out, dead or handed over; none if it was not in.
  std::optional<child> remove(const caf::actor_addr& who);

  /// Takes out all that are started together.
  void remove_joint();

  bool has(std::string_view name) const;
  bool has(std::string_view name, std::string_view key) const;

  /// Those that others mean by `words`: a name, name and key, or an id.
  children find(const std::string& words) const;

  const children& all() const { return all_; }

  /// Those that stay while the others are started anew, and those others.
  children lasting() const;
  children joint() const;

private:
  children all_;
};

} // namespace sluice
