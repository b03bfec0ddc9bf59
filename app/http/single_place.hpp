// A SINGLE PLACE is memory that is there already: what waits in it needs none of the
// system's, so that to wait cannot fail. It lives as long as what waits in it.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <new>

namespace sluice::http {

/// Room for one object, which takes turns with the next of its kind.
class single_place {
  struct room {
    static constexpr size_t bytes_max = 256;

    alignas(std::max_align_t) std::array<std::byte, bytes_max> bytes;
    bool taken = false;
  };

public:
  template <class T>
  class allocator {
  public:
    using value_type = T;

    explicit allocator(const single_place& in) noexcept : room_(in.room_) {}
    template <class U>
    allocator(const allocator<U>& other) noexcept : room_(other.room_) {}

    T* allocate(size_t count) {
      if (room_->taken || count * sizeof(T) > room::bytes_max)
        throw std::bad_alloc{};
      room_->taken = true;
      return reinterpret_cast<T*>(room_->bytes.data());
    }
    void deallocate(T*, size_t) noexcept { room_->taken = false; }

    bool operator==(const allocator&) const = default;

  private:
    template <class U>
    friend class allocator;

    std::shared_ptr<room> room_;
  };

private:
  std::shared_ptr<room> room_ = std::make_shared<room>();
};

} // namespace sluice::http
