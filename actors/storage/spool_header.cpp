#include "actors/storage/spool_header.hpp"

#include "actors/storage/crc32c.hpp"
#include "actors/storage/file_lock.hpp"
#include "actors/storage/regular_file.hpp"
#include "actors/storage/system_error.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

namespace sluice {

using namespace spool_format;
using namespace std::chrono_literals;

namespace {

constexpr const char* unfinished_header = "header.new";

/// A killed service keeps its lock until its last thread has left the kernel.
constexpr auto lock_patience = 10s;

uint32_t sum_of(const header_identity& identity) {
  return crc32c(0, &identity.spool_id,
                sizeof identity - offsetof(header_identity, spool_id));
}

uint32_t sum_of(const replay_slot& slot) {
  return crc32c(0, &slot, offsetof(replay_slot, crc));
}

uint64_t entry_for(uint64_t segment) {
  return uint64_t{crc32c(0, &segment, sizeof segment)} << 32 | segment;
}

size_t bytes_for(size_t entries) {
  auto bytes = entries_offset + entries * sizeof(uint64_t);
  return (bytes + page_bytes - 1) / page_bytes * page_bytes;
}

void set_data_dir(header_identity& head, const std::string& path) {
  head.data_dir = {};
  path.copy(head.data_dir.data(), head.data_dir.size() - 1);
  head.crc = sum_of(head);
}

/// Nobody finds the finished file without its lock.
caf::error lock_and_name(int directory, const spool_mapping& file) {
  if (!lock_within(file.descriptor(), 0s))
    return system_failure("lock spool file", unfinished_header, errno);
  if (::renameat(directory, unfinished_header, directory, header_name) != 0)
    return system_failure("name spool file", header_name, errno);
  return caf::none;
}

/// The value of a hex digit, or 16.
unsigned digit(char c) {
  if (c >= '0' && c <= '9')
    return static_cast<unsigned>(c - '0');
  return c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10) : 16;
}

} // namespace

std::string text_of(const id_bytes& id) {
  std::string result;
  for (auto byte : id) {
    result += "0123456789abcdef"[byte >> 4];
    result += "0123456789abcdef"[byte & 15];
  }
  return result;
}

std::string text_of(const short_text& text) {
  return {text.begin(), std::find(text.begin(), text.end(), '\0')};
}

id_bytes current_boot() {
  id_bytes result{};
  unique_fd file{::open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)};
  char text[64];
  auto got = file ? ::read(file.get(), text, sizeof text) : 0;
  size_t digits = 0;
  for (ssize_t i = 0; i < got && digits < 2 * result.size(); ++i)
    if (auto value = digit(text[i]); value < 16) {
      auto& byte = result[digits++ / 2];
      byte = static_cast<unsigned char>(byte << 4 | value);
    }
  return result;
}

id_bytes random_spool_id() {
  id_bytes result{};
  // So few bytes come whole or not at all, and only an unseeded kernel waits.
  while (::getrandom(result.data(), result.size(), 0) != ssize_t{result.size()}) {
    // nop
  }
  return result;
}

caf::expected<spool_header> spool_header::create(int directory,
                                                 const spool_identity& identity,
                                                 const std::string& data_dir,
                                                 size_t entries) {
  auto file = spool_mapping::create(directory, unfinished_header, bytes_for(entries));
  if (!file)
    return std::move(file.error());
  header_identity head;
  head.spool_id = identity.spool_id;
  head.boot_id = identity.boot_id;
  head.data_id = identity.data_id;
  set_data_dir(head, data_dir);
  std::memcpy(file->data(), &head, sizeof head);
  if (auto err = lock_and_name(directory, *file))
    return err;
  spool_header result{std::move(*file)};
  result.set_replay({});
  return result;
}

caf::expected<unique_fd> spool_header::lock(int directory) {
  for (;;) {
    auto file = open_regular_in(directory, header_name, O_RDWR | O_NOFOLLOW);
    if (!file)
      return caf::make_error(ec::unavailable, "cannot be used: " + text_of(file.error()));
    if (*file && !lock_within(file->get(), lock_patience))
      return caf::make_error(ec::unavailable, "is in use by another service");
    // Whoever had the lock may have put another file in its place meanwhile.
    if (!*file || sluice::is_linked(file->get()))
      return file;
  }
}

caf::expected<spool_header> spool_header::adopt(int directory, unique_fd file,
                                                const std::string& data_dir,
                                                size_t entries) {
  // More entries than before are zeroes at its end, and harm nobody.
  auto bytes = static_cast<off_t>(bytes_for(entries));
  if (auto failed = ::posix_fallocate(file.get(), 0, bytes))
    return system_failure("find room for spool file", header_name, failed);
  auto mapped = spool_mapping::adopt(std::move(file), header_name, true);
  if (!mapped)
    return std::move(mapped.error());
  auto found = read(mapped->bytes());
  spool_header result{std::move(*mapped)};
  result.replay_ = found.replay;
  if (found.identity.data_dir.data() != data_dir)
    result.move_to(directory, data_dir);
  return result;
}

/// In a second file that takes the place of the first: a death leaves one of them whole.
void spool_header::move_to(int directory, const std::string& data_dir) {
  auto next = spool_mapping::create(directory, unfinished_header, file_.size());
  if (!next)
    return;
  std::memcpy(next->data(), file_.data(), file_.size());
  header_identity head;
  std::memcpy(&head, next->data(), sizeof head);
  set_data_dir(head, data_dir);
  std::memcpy(next->data(), &head, sizeof head);
  if (!lock_and_name(directory, *next))
    file_ = std::move(*next);
}

spool_header::content spool_header::read(std::string_view file) {
  content result;
  auto& head = result.identity;
  if (file.size() < entries_offset) {
    result.wrong = "is cut off";
    return result;
  }
  std::memcpy(&head, file.data(), sizeof head);
  if (head.magic != header_magic)
    result.wrong = "is no header of a spool";
  else if (head.format != version)
    result.wrong =
      "has version " + std::to_string(head.format) + ", not " + std::to_string(version);
  else if (head.crc != sum_of(head))
    result.wrong = "is damaged";
  for (size_t i = 0; i < 2; ++i) {
    replay_slot slot;
    std::memcpy(&slot, file.data() + slots_offset + i * sizeof slot, sizeof slot);
    if (slot.crc == sum_of(slot) && slot.number >= result.replay.number)
      result.replay = slot;
  }
  for (auto at = entries_offset; at + sizeof(uint64_t) <= file.size();
       at += sizeof(uint64_t)) {
    uint64_t entry = 0;
    std::memcpy(&entry, file.data() + at, sizeof entry);
    if (entry == 0)
      continue;
    result.segments.push_back(entry & UINT32_MAX);
    if (entry != entry_for(result.segments.back()) && result.wrong.empty())
      result.wrong = "has a damaged list of segments";
  }
  std::sort(result.segments.begin(), result.segments.end());
  return result;
}

bool spool_header::replace_entry(uint64_t from, uint64_t to) {
  for (auto at = entries_offset; at < file_.size(); at += sizeof(uint64_t)) {
    std::atomic_ref entry{*reinterpret_cast<uint64_t*>(file_.data() + at)};
    if (entry.load(std::memory_order_relaxed) == from) {
      entry.store(to, std::memory_order_release);
      return true;
    }
  }
  return false;
}

bool spool_header::list(uint64_t segment) {
  return replace_entry(0, entry_for(segment));
}

void spool_header::unlist(uint64_t segment) {
  replace_entry(entry_for(segment), 0);
}

void spool_header::set_replay(replay_slot slot) {
  slot.number = replay_.number + 1;
  slot.crc = sum_of(slot);
  // Into the slot that does not count now.
  std::memcpy(file_.data() + slots_offset + (slot.number % 2) * sizeof slot, &slot,
              sizeof slot);
  replay_ = slot;
}

} // namespace sluice
