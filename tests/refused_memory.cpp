#include "tests/refused_memory.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

thread_local int granted = -1;

} // namespace

void* operator new(size_t bytes) {
  if (granted >= 0 && granted-- == 0)
    throw std::bad_alloc{};
  if (auto* memory = std::malloc(bytes))
    return memory;
  throw std::bad_alloc{};
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}

namespace sluice::test {

void grant_allocations(int count) {
  granted = count;
}

} // namespace sluice::test
