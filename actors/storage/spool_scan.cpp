#include "actors/storage/spool_scan.hpp"

#include "actors/storage/crc32c.hpp"

namespace sluice {

using namespace spool_format;

namespace {

std::string check_header(const segment_header& header, std::string_view segment,
                         const spool_identity& identity, uint64_t number) {
  if (header.magic != segment_magic)
    return "is no segment of a spool";
  if (header.format != version)
    return "has version " + std::to_string(header.format) + ", not "
           + std::to_string(version);
  auto sum =
    crc32c(0, &header.spool_id,
           offsetof(segment_header, committed) - offsetof(segment_header, spool_id));
  if (sum != header.crc)
    return "has a damaged header";
  if (header.spool_id != identity.spool_id || header.data_id != identity.data_id)
    return "belongs to another spool";
  if (header.number != number || header.bytes != segment.size())
    return "does not have the number and size that its header tells";
  return "";
}

// What is wrong with the record at this place; its length is not zero.
std::string check_record(std::string_view segment, size_t offset, uint32_t seed,
                         uint64_t number) {
  auto header = record_at(segment, offset);
  auto place = " at byte " + std::to_string(offset);
  if (header.length < sizeof header || header.length > segment.size() - offset)
    return "has a record of impossible length" + place;
  auto summed = segment.substr(offset + offsetof(record_header, number),
                               header.length - offsetof(record_header, number));
  if (crc32c(seed, summed.data(), summed.size()) != header.crc)
    return "has a record with a wrong checksum" + place;
  if (header.number != number)
    return "has a record with a wrong number" + place;
  auto data = header.length - sizeof header;
  auto said = statement_at(segment.substr(offset + sizeof header, data));
  auto known = header.kind == record_kind::data
               || (header.kind == record_kind::mark && data > 0 && data == said.bytes)
               || (header.kind == record_kind::lane && data > said.bytes && said.bytes > 0
                   && data <= said.bytes + 1 + lane_name_max);
  return known && header.lane != 0 ? "" : "has a record of unknown kind" + place;
}

} // namespace

statement_found statement_at(std::string_view data) {
  statement_found result;
  if (data.size() < sizeof result.said)
    return result;
  std::memcpy(&result.said, data.data(), sizeof result.said);
  if ((result.said.parts & part_doubt) == 0) {
    result.bytes = sizeof result.said;
  } else if (data.size() >= statement_bytes_max) {
    std::memcpy(&result.doubt, data.data() + sizeof result.said, sizeof result.doubt);
    result.bytes = statement_bytes_max;
  }
  return result;
}

std::string check_segment(std::string_view segment, const spool_identity& identity,
                          uint64_t number) {
  segment_header header;
  if (segment.size() < sizeof header || segment.size() % 8 != 0)
    return "is cut off";
  std::memcpy(&header, segment.data(), sizeof header);
  auto wrong = check_header(header, segment, identity, number);
  auto seed = crc32c(0, identity.spool_id.data(), identity.spool_id.size());
  auto offset = sizeof header;
  auto count = uint64_t{0};
  while (wrong.empty() && offset + sizeof(uint64_t) <= segment.size()) {
    uint32_t length = 0;
    std::memcpy(&length, segment.data() + offset, sizeof length);
    if (length == 0)
      break;
    if (length > segment.size() - offset
        || segment.size() - offset < sizeof(record_header))
      return "has a record of impossible length at byte " + std::to_string(offset);
    wrong = check_record(segment, offset, seed, number << 32 | count);
    offset += aligned(length);
    ++count;
  }
  if (!wrong.empty())
    return wrong;
  if (count != header.committed && count != header.committed + 1)
    return "has " + std::to_string(count) + " records instead of "
           + std::to_string(header.committed);
  return "";
}

} // namespace sluice
