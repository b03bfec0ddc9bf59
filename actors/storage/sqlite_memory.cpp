#include "actors/storage/sqlite_memory.hpp"

#include <malloc.h>

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>

namespace sluice::sqlite {

namespace {

/// So much is drawn at once, so that threads seldom meet.
constexpr int64_t draw_bytes_min = 262'144;

/// Before a block of this size, and before one in so many smaller ones, the time is
/// looked at: much of what SQLite does without asking anybody takes memory.
constexpr size_t large_bytes = 65'536;
constexpr uint32_t allocations_per_look = 1024;

/// Bytes that the process's rations have drawn.
std::atomic<int64_t> drawn_by_all{0};

/// What SQLite holds by this thread's doing, and what bounds it.
struct thread_account {
  int64_t bytes = 0;
  ration* bounds = nullptr;
};

thread_local constinit thread_account account;

int64_t size_of_block(void* block) {
  return static_cast<int64_t>(malloc_usable_size(block));
}

void* take(int bytes) {
  auto n = static_cast<size_t>(bytes);
  if (account.bounds != nullptr && !account.bounds->allows(n))
    return nullptr;
  auto* block = std::malloc(n);
  account.bytes += size_of_block(block);
  return block;
}

void give_back(void* block) {
  account.bytes -= size_of_block(block);
  std::free(block);
}

void* resize(void* block, int bytes) {
  auto had = size_of_block(block);
  auto more = bytes - had;
  if (more > 0 && account.bounds != nullptr
      && !account.bounds->allows(static_cast<size_t>(more)))
    return nullptr;
  auto* moved = std::realloc(block, static_cast<size_t>(bytes));
  if (moved != nullptr)
    account.bytes += size_of_block(moved) - had;
  return moved;
}

int configure() {
  static const sqlite3_mem_methods methods{
    take,
    give_back,
    resize,
    [](void* block) { return static_cast<int>(size_of_block(block)); },
    [](int bytes) { return (bytes + 7) & ~7; },
    [](void*) { return SQLITE_OK; },
    [](void*) {},
    nullptr};
  // It is counted here, without the lock that SQLite's own count takes each time.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  return sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}

} // namespace

void take_over_memory() {
  static const auto done = configure();
  static_cast<void>(done);
}

// -- a ration -------------------------------------------------------------------

ration::ration(size_t own_bytes, size_t shared_bytes, const deadline& until)
    : ceiling_(account.bytes + static_cast<int64_t>(own_bytes)),
      shared_(static_cast<int64_t>(shared_bytes)), until_(until) {
  account.bounds = this;
}

ration::~ration() {
  account.bounds = nullptr;
  drawn_by_all -= drawn_;
}

bool ration::allows(size_t bytes) {
  auto is_time_to_look = bytes >= large_bytes || ++looks_ % allocations_per_look == 0;
  if (is_time_to_look && until_.has_passed()) {
    refused_ = shortage::late;
    return false;
  }
  auto missing = account.bytes + static_cast<int64_t>(bytes) - ceiling_;
  return missing <= 0 || draw(missing);
}

bool ration::draw(int64_t bytes) {
  auto n = std::max(bytes, std::min(draw_bytes_min, shared_ - drawn_));
  if (n > shared_ - drawn_) {
    refused_ = shortage::spent;
    return false;
  }
  if (drawn_by_all.fetch_add(n) + n > shared_) {
    drawn_by_all -= n;
    refused_ = shortage::crowded;
    return false;
  }
  drawn_ += n;
  ceiling_ += n;
  return true;
}

void return_free_memory() {
  malloc_trim(0);
}

} // namespace sluice::sqlite
