// The spool's files as an earlier life left them. A sum guards each record, so half of
// the inputs become the data of records with the right sums.
#include "actors/storage/crc32c.hpp"
#include "actors/storage/spool_header.hpp"
#include "actors/storage/spool_scan.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <cstring>

using namespace sluice;
using namespace sluice::spool_format;

namespace {

constexpr uint64_t number = 1;
constexpr size_t segment_bytes = 4096;

template <class T>
void put(std::string& into, size_t at, const T& what) {
  std::memcpy(into.data() + at, &what, sizeof what);
}

/// A segment with one record of this kind, right but for what its data says.
std::string segment_with(uint16_t kind, std::string_view data) {
  std::string result(segment_bytes, '\0');
  segment_header head;
  head.number = number;
  head.bytes = segment_bytes;
  head.committed = 1;
  head.crc =
    crc32c(0, &head.spool_id,
           offsetof(segment_header, committed) - offsetof(segment_header, spool_id));
  put(result, 0, head);
  data = data.substr(0, segment_bytes - sizeof head - sizeof(record_header) - 8);
  record_header record;
  record.length = static_cast<uint32_t>(sizeof record + data.size());
  record.number = number << 32;
  record.lane = 1;
  record.kind = static_cast<record_kind>(kind);
  put(result, sizeof head, record);
  std::memcpy(result.data() + sizeof head + sizeof record, data.data(), data.size());
  const auto summed = sizeof head + offsetof(record_header, number);
  const auto seed = crc32c(0, spool_identity{}.spool_id.data(), sizeof(id_bytes));
  record.crc =
    crc32c(seed, result.data() + summed, record.length - offsetof(record_header, number));
  put(result, sizeof head, record);
  return result;
}

} // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto bytes = fuzz::text_of_input(data, size);
  switch (fuzz::take_choice(bytes, 3)) {
    case 0:
      static_cast<void>(spool_header::read(bytes));
      break;
    case 1:
      static_cast<void>(check_segment(bytes, {}, number));
      break;
    default: {
      const auto kind = static_cast<uint16_t>(fuzz::take_choice(bytes, 5));
      const auto segment = segment_with(kind, bytes);
      if (check_segment(segment, {}, number).empty())
        each_record(segment, [](const record_header&, std::string_view content) {
          static_cast<void>(statement_at(content));
        });
    }
  }
  return 0;
}
