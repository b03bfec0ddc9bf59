// The runner of CAF's own test framework, linked into every test program.
#define CAF_SUITE main
#include <caf/test/unit_test_impl.hpp>
