// Tests that must fail, so that a case which could not fail is found: CTest expects the
// opposite of each (runner.cmake). A failed CAF_REQUIRE and CAF_FAIL need no such proof:
// they abort.
#define CAF_SUITE runner
#include <caf/test/unit_test.hpp>

#include <cstdio>

CAF_TEST(a check that does not hold fails its case) {
  CAF_CHECK(true);
  CAF_CHECK_EQUAL(1, 2);
}

CAF_TEST(a finding of a sanitizer fails its case) {
  CAF_CHECK(true);
  std::fputs("x.cpp:1:1: runtime error: signed integer overflow\n", stderr);
}
