// A SINGLE PLACE is memory that is there already: what waits in it needs none of the
// system's, so that to wait cannot fail.
#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace sluice::http {

/// Room for one object, which takes turns with the next of its kind.
class single_place {
public:
  template <class T>
  struct allocator {
    using value_type = T;

    explicit allocator(single_place& in) noexcept : place(&in) {}
    template <class U>
    allocator(const allocator<U>& other) noexcept : place(other.place) {}

    T* allocate(size_t count) { return static_cast<T*>(place->take(count * sizeof(T))); }
    void deallocate(T*, size_t) noexcept { place->taken_ = false; }

    bool operator==(const allocator&) const = default;

    single_place* place;
  };

private:
  void* take(size_t bytes) {
    if (taken_ || bytes > bytes_.size())
      throw std::bad_alloc{};
    taken_ = true;
    return bytes_.data();
  }

  static constexpr size_t bytes_max = 256;

  alignas(std::max_align_t) std::array<std::byte, bytes_max> bytes_;
  bool taken_ = false;
};

} // namespace sluice::http
