#include "actors/storage/crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#ifndef __clang__
#include <arm_acle.h>
#endif
#endif

namespace sluice {

namespace {

using sum_function = uint32_t (*)(uint32_t, const unsigned char*, size_t);

// -- the table: eight bytes a step -------------------------------------------------

constexpr uint32_t polynomial = 0x82f63b78; // reflected

using crc_tables = std::array<std::array<uint32_t, 256>, 8>;

constexpr crc_tables make_tables() {
  crc_tables result{};
  for (uint32_t i = 0; i < 256; ++i) {
    auto sum = i;
    for (auto bit = 0; bit < 8; ++bit)
      sum = (sum >> 1) ^ ((sum & 1) != 0 ? polynomial : 0);
    result[0][i] = sum;
  }
  for (uint32_t i = 0; i < 256; ++i)
    for (size_t k = 1; k < 8; ++k)
      result[k][i] = (result[k - 1][i] >> 8) ^ result[0][result[k - 1][i] & 0xff];
  return result;
}

constexpr crc_tables tables = make_tables();

uint32_t by_table(uint32_t sum, const unsigned char* at, size_t bytes) {
  for (; bytes >= 8; at += 8, bytes -= 8) {
    // Byte by byte, so that the order of bytes in a word does not matter.
    sum = tables[7][(sum ^ at[0]) & 0xff] ^ tables[6][((sum >> 8) ^ at[1]) & 0xff]
          ^ tables[5][((sum >> 16) ^ at[2]) & 0xff]
          ^ tables[4][((sum >> 24) ^ at[3]) & 0xff] ^ tables[3][at[4]] ^ tables[2][at[5]]
          ^ tables[1][at[6]] ^ tables[0][at[7]];
  }
  for (; bytes > 0; ++at, --bytes)
    sum = (sum >> 8) ^ tables[0][(sum ^ *at) & 0xff];
  return sum;
}

// -- the processor -----------------------------------------------------------------

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) uint32_t by_sse42(uint32_t sum, const unsigned char* at,
                                                    size_t bytes) {
  uint64_t wide = sum;
  for (; bytes >= 8; at += 8, bytes -= 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    wide = _mm_crc32_u64(wide, word);
  }
  sum = static_cast<uint32_t>(wide);
  if (bytes >= 4) {
    uint32_t word;
    std::memcpy(&word, at, sizeof word);
    sum = _mm_crc32_u32(sum, word);
    at += 4;
    bytes -= 4;
  }
  for (; bytes > 0; ++at, --bytes)
    sum = _mm_crc32_u8(sum, *at);
  return sum;
}

#elif defined(__aarch64__)

#ifdef __clang__
#define SLUICE_CRC_TARGET __attribute__((target("crc")))
#define SLUICE_CRC_BYTE __builtin_arm_crc32cb
#define SLUICE_CRC_WORD __builtin_arm_crc32cd
#else
#define SLUICE_CRC_TARGET __attribute__((target("+crc")))
#define SLUICE_CRC_BYTE __crc32cb
#define SLUICE_CRC_WORD __crc32cd
#endif

SLUICE_CRC_TARGET uint32_t by_armv8(uint32_t sum, const unsigned char* at, size_t bytes) {
  for (; bytes >= 8; at += 8, bytes -= 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    sum = SLUICE_CRC_WORD(sum, word);
  }
  for (; bytes > 0; ++at, --bytes)
    sum = SLUICE_CRC_BYTE(sum, *at);
  return sum;
}

#undef SLUICE_CRC_TARGET
#undef SLUICE_CRC_BYTE
#undef SLUICE_CRC_WORD

#endif

sum_function function_of(crc32c_way way) {
  switch (way) {
#if defined(__x86_64__)
    case crc32c_way::sse42:
      return by_sse42;
#elif defined(__aarch64__)
    case crc32c_way::armv8:
      return by_armv8;
#endif
    default:
      return by_table;
  }
}

crc32c_way choose() {
  for (auto way : {crc32c_way::sse42, crc32c_way::armv8})
    if (crc32c_possible(way))
      return way;
  return crc32c_way::table;
}

const crc32c_way chosen_way = choose();
const sum_function chosen_sum = function_of(chosen_way);

} // namespace

uint32_t crc32c(uint32_t so_far, const void* data, size_t bytes) {
  return ~chosen_sum(~so_far, static_cast<const unsigned char*>(data), bytes);
}

crc32c_way crc32c_chosen() {
  return chosen_way;
}

const char* to_string(crc32c_way way) {
  switch (way) {
    case crc32c_way::table:
      return "table";
    case crc32c_way::sse42:
      return "SSE 4.2";
    case crc32c_way::armv8:
      return "ARMv8 CRC";
  }
  return "unknown";
}

bool crc32c_possible(crc32c_way way) {
  switch (way) {
    case crc32c_way::table:
      return true;
    case crc32c_way::sse42:
#if defined(__x86_64__)
      return __builtin_cpu_supports("sse4.2") != 0;
#else
      return false;
#endif
    case crc32c_way::armv8:
#if defined(__aarch64__)
      return (::getauxval(AT_HWCAP) & HWCAP_CRC32) != 0;
#else
      return false;
#endif
  }
  return false;
}

uint32_t crc32c_by(crc32c_way way, uint32_t so_far, const void* data, size_t bytes) {
  return ~function_of(way)(~so_far, static_cast<const unsigned char*>(data), bytes);
}

} // namespace sluice
