#include "app/http/places.hpp"

#include "app/http/connection.hpp"

namespace sluice::http {

places::place places::take(connection* who) {
  auto& to = all(kind::silent);
  const auto taken = to.insert(to.end(), {who, kind::silent, {}});
  ++size_;
  return taken;
}

void places::move(place which, kind to) {
  if (which->as == to)
    return;
  all(to).splice(all(to).end(), all(which->as), which);
  which->as = to;
  // Of all others, only the order matters.
  if (to == kind::asking || to == kind::taking || to == kind::busy)
    which->since = clock::now();
}

void places::leave(place which) {
  --size_;
  all(which->as).erase(which);
}

connection* places::longest_silent() const {
  return all(kind::silent).empty() ? nullptr : all(kind::silent).front().who;
}

connection* places::first_to_go(clock::time_point now) const {
  for (auto which : {kind::silent, kind::leaving, kind::resting})
    if (!all(which).empty())
      return all(which).front().who;
  for (auto which : {kind::asking, kind::taking})
    for (const auto& x : all(which)) {
      if (now - x.since < pace_grace)
        break;
      if (x.who->is_slower_than_allowed(x.since, now))
        return x.who;
    }
  return nullptr;
}

} // namespace sluice::http
