#include "app/memory_keeper.hpp"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace sluice {

namespace {

/// A block of this size is mapped by itself, and goes back as it is freed. Left alone,
/// the allocator keeps blocks as large as any that was freed before in its heaps, one for
/// each thread: what was charged for one answer at a time would be held several times.
constexpr int large_block_bytes = 1'048'576;

/// Bytes of memory that the process has for itself, files it maps not counted; 0 if the
/// system does not tell.
uint64_t own_bytes() {
  std::ifstream pages{"/proc/self/statm"};
  uint64_t all = 0;
  uint64_t resident = 0;
  uint64_t shared = 0;
  pages >> all >> resident >> shared;
  return pages && resident > shared
           ? (resident - shared) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE))
           : 0;
}

/// Bytes that somebody was given and has not freed.
uint64_t used_bytes() {
  const auto told = mallinfo2();
  return told.uordblks + told.hblkhd;
}

} // namespace

void memory_keeper_state::init(memory_keeper_config config) {
  mallopt(M_MMAP_THRESHOLD, large_block_bytes);
  config_ = config;
  before_ = own_bytes();
  least_ = before_;
  self_->delayed_send(self_, config_.interval, atom::tick_v);
}

/// While memory is being taken, what is free will be wanted: that is not the moment.
void memory_keeper_state::look() {
  auto own = own_bytes();
  const auto is_calm = own <= before_ + config_.free_bytes_min;
  const auto worth_a_look = own > least_ + config_.free_bytes_min;
  if (is_calm && worth_a_look && own > used_bytes() + config_.free_bytes_min) {
    malloc_trim(0);
    own = own_bytes();
  }
  before_ = own;
  least_ = std::min(least_, own);
  self_->delayed_send(self_, config_.interval, atom::tick_v);
}

memory_keeper_actor::behavior_type
memory_keeper(memory_keeper_actor::stateful_pointer<memory_keeper_state> self,
              memory_keeper_config config) {
  auto* state = &self->state;
  state->init(config);
  return {
    [state](atom::tick) { state->look(); },
  };
}

} // namespace sluice
