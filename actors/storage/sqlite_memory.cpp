#include "actors/storage/sqlite_memory.hpp"

#include <malloc.h>
#include <sys/mman.h>

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

namespace sluice::sqlite {

namespace {

/// So much is drawn at once, so that threads seldom meet.
constexpr int64_t draw_bytes_min = 262'144;

/// Before a block of this size, and before one in so many smaller ones, the time is
/// looked at: much of what SQLite does without asking anybody takes memory.
constexpr size_t large_bytes = 131'072;
constexpr uint32_t allocations_per_look = 32;

/// Bytes that the process's rations have drawn.
std::atomic<int64_t> drawn_by_all{0};

/// What SQLite holds by this thread's doing, and what bounds it.
struct thread_account {
  int64_t bytes = 0;
  ration* bounds = nullptr;
  /// Held and wanted when the system refused more.
  size_t lacked = 0;
  /// What the system lacks, as a test will have it.
  famine lacks;
};

thread_local constinit thread_account account;

/// Lies before each block.
struct alignas(16) block_header {
  /// Of the block, this not counted.
  size_t bytes;
  bool is_mapped;
};

block_header* header_of(void* block) {
  return static_cast<block_header*>(block) - 1;
}

bool is_mapped(size_t bytes) {
  return bytes >= large_bytes;
}

/// Whether this thread may take so much more.
bool may_take(size_t bytes) {
  return account.bounds == nullptr || account.bounds->allows(bytes);
}

/// Makes what was got from the system a block, and counts it.
void* as_block(void* got, size_t bytes) {
  if (got == nullptr || got == MAP_FAILED) {
    note_lack_of_memory(bytes);
    return nullptr;
  }
  account.bytes += static_cast<int64_t>(bytes);
  return new (got) block_header{bytes, is_mapped(bytes)} + 1;
}

/// Whether a test will have it that the system has none of this size.
bool is_starved(size_t bytes) {
  auto& now = account.lacks;
  if (bytes <= now.bytes_max)
    return false;
  if (now.spared > 0) {
    --now.spared;
    return false;
  }
  now.spared = now.between;
  if (--now.times == 0)
    now = {};
  return true;
}

/// Null where it has none. With room for the header.
void* from_system(size_t bytes) {
  if (is_starved(bytes))
    return nullptr;
  auto all = bytes + sizeof(block_header);
  return is_mapped(bytes) ? mmap(nullptr, all, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                          : std::malloc(all);
}

/// A large block is mapped by itself, and goes back to the system as it is freed. What a
/// thread frees at the end of its heap may stay there for good.
void* take(int size) {
  auto bytes = static_cast<size_t>(size);
  if (!may_take(bytes))
    return nullptr;
  return as_block(from_system(bytes), bytes);
}

void give_back(void* block) {
  auto* header = header_of(block);
  account.bytes -= static_cast<int64_t>(header->bytes);
  if (header->is_mapped)
    munmap(header, header->bytes + sizeof(block_header));
  else
    std::free(header);
}

/// To another kind of block.
void* copy(void* block, int size) {
  auto* copied = take(size);
  if (copied == nullptr)
    return nullptr;
  auto had = header_of(block)->bytes;
  std::memcpy(copied, block, std::min(had, static_cast<size_t>(size)));
  give_back(block);
  return copied;
}

void* resize(void* block, int size) {
  auto* header = header_of(block);
  auto had = header->bytes;
  auto bytes = static_cast<size_t>(size);
  if (is_mapped(bytes) != header->is_mapped)
    return copy(block, size);
  if (bytes > had && !may_take(bytes - had))
    return nullptr;
  auto all = bytes + sizeof(block_header);
  void* got = nullptr;
  if (!is_starved(bytes))
    got = header->is_mapped
            ? mremap(header, had + sizeof(block_header), all, MREMAP_MAYMOVE)
            : std::realloc(header, all);
  auto* moved = as_block(got, bytes);
  if (moved != nullptr)
    account.bytes -= static_cast<int64_t>(had);
  return moved;
}

int configure() {
  static const sqlite3_mem_methods methods{
    take,
    give_back,
    resize,
    [](void* block) { return static_cast<int>(header_of(block)->bytes); },
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

bool has_memory(size_t bytes) {
  auto* got = as_block(from_system(bytes), bytes);
  if (got == nullptr)
    return false;
  give_back(got);
  return true;
}

bool met_lack_of_memory() {
  return account.lacked > 0;
}

bool lack_is_over() {
  const auto held = bytes_held();
  return account.lacked <= held || has_memory(account.lacked - held);
}

void forget_lack_of_memory() {
  account.lacked = 0;
}

void note_lack_of_memory(size_t bytes) {
  account.lacked = bytes_held() + bytes;
  if (account.bounds != nullptr)
    account.bounds->note_failure();
}

void starve(const famine& x) {
  account.lacks = x;
}

// -- a ration -------------------------------------------------------------------

ration::ration(size_t own_bytes, size_t shared_bytes, const deadline& until)
    : before_(account.bytes), high_(before_),
      ceiling_(before_ + static_cast<int64_t>(own_bytes)),
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
  auto wanted = account.bytes + static_cast<int64_t>(bytes);
  if (wanted > ceiling_ && !draw(wanted - ceiling_))
    return false;
  high_ = std::max(high_, wanted);
  return true;
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

size_t bytes_held() {
  return static_cast<size_t>(std::max<int64_t>(account.bytes, 0));
}

void return_free_memory() {
  malloc_trim(0);
}

} // namespace sluice::sqlite
