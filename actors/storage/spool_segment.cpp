#include "actors/storage/spool_segment.hpp"

#include "actors/storage/crc32c.hpp"
#include "actors/storage/spool_scan.hpp"
#include "actors/storage/system_error.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace sluice {

using namespace spool_format;

namespace {

constexpr const char* unfinished_segment = "segment.new";
constexpr size_t summed_from = offsetof(record_header, number);

// A store that everything before it in the program precedes in memory.
template <class T>
void publish(char* at, T value) {
  std::atomic_ref<T>{*reinterpret_cast<T*>(at)}.store(value, std::memory_order_release);
}

} // namespace

std::string spool_segment::name_of(uint64_t number) {
  char text[40];
  std::snprintf(text, sizeof text, "%016jx%s", uintmax_t{number}, segment_suffix.data());
  return text;
}

caf::expected<std::unique_ptr<spool_segment>>
spool_segment::create(int directory, const spool_identity& identity, uint64_t number,
                      size_t bytes) {
  auto file = spool_mapping::create(directory, unfinished_segment, bytes);
  if (!file)
    return std::move(file.error());
  return begin(directory, unfinished_segment, identity, number, std::move(*file));
}

caf::expected<std::unique_ptr<spool_segment>>
spool_segment::recycle(int directory, const spool_identity& identity, uint64_t number,
                       spool_mapping spare) {
  return begin(directory, spare_name, identity, number, std::move(spare));
}

// Gives the file a header and an end, and only then its name.
caf::expected<std::unique_ptr<spool_segment>>
spool_segment::begin(int directory, const char* from, const spool_identity& identity,
                     uint64_t number, spool_mapping file) {
  segment_header header;
  header.spool_id = identity.spool_id;
  header.boot_id = identity.boot_id;
  header.data_id = identity.data_id;
  header.number = number;
  header.bytes = file.size();
  header.crc =
    crc32c(0, &header.spool_id,
           offsetof(segment_header, committed) - offsetof(segment_header, spool_id));
  std::memcpy(file.data(), &header, sizeof header);
  publish<uint64_t>(file.data() + sizeof header, 0);
  if (::renameat(directory, from, directory, name_of(number).c_str()) != 0)
    return system_failure("name spool segment", name_of(number), errno);
  auto seed = crc32c(0, identity.spool_id.data(), identity.spool_id.size());
  std::unique_ptr<spool_segment> result{new spool_segment(std::move(file), number, seed)};
  result->used_ = sizeof header;
  return result;
}

caf::expected<std::unique_ptr<spool_segment>>
spool_segment::adopt(int directory, const spool_identity& identity, uint64_t number) {
  auto file = spool_mapping::open(directory, name_of(number), true);
  if (!file)
    return std::move(file.error());
  auto seed = crc32c(0, identity.spool_id.data(), identity.spool_id.size());
  std::unique_ptr<spool_segment> result{
    new spool_segment(std::move(*file), number, seed)};
  result->used_ = result->bytes();
  return result;
}

void spool_segment::retire() {
  publish(file_.data() + offsetof(segment_header, magic), retired_magic);
}

caf::expected<spool_mapping> spool_segment::make_spare(int directory) {
  if (::renameat(directory, name_of(number_).c_str(), directory, spare_name) != 0)
    return system_failure("retire spool segment", name_of(number_), errno);
  return std::move(file_);
}

bool spool_segment::resume(const spool_identity& identity) {
  segment_header header;
  std::memcpy(&header, file_.data(), sizeof header);
  if (header.boot_id != identity.boot_id)
    return false;
  used_ = sizeof header;
  count_ = 0;
  each_record(content(), [&](const record_header&, std::string_view data) {
    used_ += record_bytes(data.size());
    ++count_;
  });
  return true;
}

void spool_segment::append(const record_header& what, std::string_view data) {
  auto header = what;
  header.length = static_cast<uint32_t>(sizeof header + data.size());
  header.number = number_ << 32 | count_;
  header.crc = crc32c(seed_, reinterpret_cast<const char*>(&header) + summed_from,
                      sizeof header - summed_from);
  header.crc = crc32c(header.crc, data.data(), data.size());
  // The owner counts wrongly: better to end here, with the spool whole, than to write on.
  if (room() < record_bytes(data.size()))
    std::abort();
  auto* at = file_.data() + used_;
  constexpr auto word = sizeof header.length;
  std::memcpy(at + word, reinterpret_cast<const char*>(&header) + word,
              sizeof header - word);
  if (!data.empty())
    std::memcpy(at + sizeof header, data.data(), data.size());
  used_ += record_bytes(data.size());
  if (room() > 0)
    publish<uint64_t>(file_.data() + used_, 0);
  publish(at, header.length);
  ++count_;
  publish(file_.data() + offsetof(segment_header, committed), count_);
}

} // namespace sluice
