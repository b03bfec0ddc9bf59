// Who was used when, the longest unused first: so one who has to go is found, where only
// so many may stay.
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>

namespace sluice::detail {

template <class T>
class use_order {
public:
  /// It is the newest from now on.
  void use(const T& x) {
    auto place = places_.find(x);
    if (place == places_.end())
      places_.emplace(x, order_.insert(order_.end(), x));
    else
      order_.splice(order_.end(), order_, place->second);
  }

  void forget(const T& x) {
    auto place = places_.find(x);
    if (place == places_.end())
      return;
    order_.erase(place->second);
    places_.erase(place);
  }

  size_t size() const { return places_.size(); }

  /// From the longest unused to the newest. Forgetting one ends no iteration but at it.
  auto begin() const { return order_.begin(); }
  auto end() const { return order_.end(); }

private:
  std::list<T> order_;
  std::unordered_map<T, typename std::list<T>::iterator> places_;
};

} // namespace sluice::detail
