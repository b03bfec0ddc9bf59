#define CAF_SUITE session_codec

#include "actors/session/session_codec.hpp"

#include "messages/error.hpp"

#include <caf/test/dsl.hpp>

#include <limits>

using namespace sluice;
using namespace std::string_literals;

namespace {

session_record_writer sample() {
  session_record_writer writer;
  writer.add_document("a", 1'700'000'000'000, R"({"n":1})");
  writer.add_delete(std::string(512, 'k'), 0);
  writer.add_document("\xc3\xa9", std::numeric_limits<int64_t>::max(),
                      std::string(100'000, 'x'));
  writer.add_document("d", -1, "{}");
  return writer;
}

ec refusal(uint64_t last_seq, uint64_t count, std::string data) {
  auto found = read_session_record({last_seq, count, std::move(data)});
  return found ? ec::none : code_of(found.error());
}

} // namespace

CAF_TEST(a record gives back its changes with their numbers) {
  auto writer = sample();
  CAF_CHECK_EQUAL(writer.count(), 4u);
  auto found = read_session_record({10, 4, writer.data()});
  CAF_REQUIRE(found);
  std::vector<session_change> expected{
    {"a", false, R"({"n":1})", 1'700'000'000'000, 7},
    {std::string(512, 'k'), true, "", 0, 8},
    {"\xc3\xa9", false, std::string(100'000, 'x'), std::numeric_limits<int64_t>::max(),
     9},
    {"d", false, "{}", -1, 10},
  };
  CAF_CHECK(*found == expected);
}

CAF_TEST(lengths around a byte of the number come back whole) {
  for (size_t size : {0, 1, 127, 128, 129, 16'383, 16'384, 16'385}) {
    session_record_writer writer;
    writer.add_document("k", 5, std::string(size, 'x'));
    auto found = read_session_record({1, 1, writer.data()});
    CAF_REQUIRE(found);
    CAF_CHECK_EQUAL(found->at(0).document.size(), size);
  }
}

CAF_TEST(a record that was cut anywhere is refused) {
  session_record_writer writer;
  writer.add_document("key", 1'700'000'000'000, R"({"n":1})");
  writer.add_delete("other", 1'700'000'000'000);
  auto whole = writer.data();
  CAF_CHECK(refusal(2, 2, whole) == ec::none);
  for (size_t size = 0; size < whole.size(); ++size)
    CAF_CHECK(refusal(2, 2, whole.substr(0, size)) == ec::invalid_argument);
  CAF_CHECK(refusal(2, 2, whole + "\x01") == ec::invalid_argument);
}

CAF_TEST(another version and another kind are refused) {
  auto data = sample().data();
  data[0] = 2;
  CAF_CHECK(refusal(10, 4, data) == ec::invalid_argument);
  CAF_CHECK(refusal(1, 1, "\x01\x03\x01k\x05"s) == ec::invalid_argument);
  CAF_CHECK(refusal(1, 1, "\x01\x02\x01k\x05"s) == ec::none);
}

CAF_TEST(whatever key a snapshot has is read as it was written) {
  for (const auto& key : {""s, "\0"s, "\xff"s, std::string(100'000, 'k')}) {
    session_record_writer writer;
    writer.add_delete(key, 5);
    writer.add_document(key, 5, "{}");
    auto found = read_session_record({2, 2, writer.data()});
    CAF_REQUIRE(found);
    CAF_CHECK(found->at(0).key == key);
    CAF_CHECK(found->at(1).key == key);
  }
}

CAF_TEST(a number that no writer makes is refused) {
  auto nines = std::string(9, '\xff');
  CAF_CHECK(refusal(1, 1, "\x01\x02\x01k"s + nines + "\x01") == ec::none);
  CAF_CHECK(refusal(1, 1, "\x01\x02\x01k"s + nines + "\x02") == ec::invalid_argument);
  CAF_CHECK(refusal(1, 1, "\x01\x02\x01k"s + nines + "\xff\x01") == ec::invalid_argument);
}

CAF_TEST(a record must hold as many changes as the spool says) {
  auto data = sample().data();
  CAF_CHECK(refusal(10, 3, data) == ec::invalid_argument);
  CAF_CHECK(refusal(10, 5, data) == ec::invalid_argument);
  CAF_CHECK(refusal(3, 4, data) == ec::invalid_argument);
  CAF_CHECK(refusal(4, 4, data) == ec::none);
  CAF_CHECK(refusal(1, 0, "\x01"s) == ec::invalid_argument);
}
