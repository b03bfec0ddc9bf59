// The checksum: right by known sums, and the same by every way that this machine has.
#define CAF_SUITE crc32c

#include "actors/storage/crc32c.hpp"

#include <random>
#include <string>
#include <vector>

#include <caf/test/dsl.hpp>

namespace {

using namespace sluice;

std::vector<crc32c_way> ways() {
  std::vector<crc32c_way> result;
  for (auto way : {crc32c_way::table, crc32c_way::sse42, crc32c_way::armv8})
    if (crc32c_possible(way))
      result.push_back(way);
  return result;
}

std::string random_bytes(std::mt19937& random, size_t count) {
  std::string result(count, '\0');
  for (auto& each : result)
    each = static_cast<char>(random());
  return result;
}

struct known_sum {
  std::string text;
  uint32_t sum;
};

/// Bytes from 0 to 31, or back.
std::string counting(bool up) {
  std::string result;
  for (auto i = 0; i < 32; ++i)
    result += static_cast<char>(up ? i : 31 - i);
  return result;
}

} // namespace

CAF_TEST(every way has the sums of the standard) {
  const std::vector<known_sum> known{{"", 0},
                                     {"123456789", 0xe3069283},
                                     {std::string(32, '\0'), 0x8a9136aa},
                                     {std::string(32, '\xff'), 0x62a8ab43},
                                     {counting(true), 0x46dd794e},
                                     {counting(false), 0x113fdb5c}};
  for (auto way : ways())
    for (const auto& each : known)
      CAF_CHECK_EQUAL(crc32c_by(way, 0, each.text.data(), each.text.size()), each.sum);
}

CAF_TEST(all ways agree at every length and alignment) {
  std::mt19937 random{1};
  const auto bytes = random_bytes(random, 512);
  for (auto way : ways())
    for (size_t from = 0; from < 9; ++from)
      for (size_t count = 0; count < 300; ++count) {
        auto seed = static_cast<uint32_t>(random());
        auto expected = crc32c_by(crc32c_way::table, seed, bytes.data() + from, count);
        if (crc32c_by(way, seed, bytes.data() + from, count) != expected)
          CAF_ERROR(to_string(way) << " differs at " << from << ", " << count);
      }
}

CAF_TEST(a sum can be taken in parts) {
  std::mt19937 random{2};
  for (auto i = 0; i < 200; ++i) {
    const auto bytes = random_bytes(random, random() % 100);
    const auto cut = bytes.empty() ? 0 : random() % bytes.size();
    auto parts =
      crc32c(crc32c(0, bytes.data(), cut), bytes.data() + cut, bytes.size() - cut);
    CAF_CHECK_EQUAL(parts, crc32c(0, bytes.data(), bytes.size()));
  }
}

CAF_TEST(the fastest way is chosen) {
  CAF_CHECK_EQUAL(to_string(crc32c_chosen()), to_string(ways().back()));
}
