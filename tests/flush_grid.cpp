// The common grid: windows end together, and none later than promised.
#define CAF_SUITE flush_grid
#include "actors/detail/flush_grid.hpp"

#include <caf/test/dsl.hpp>

using sluice::detail::flush_grid;
using namespace std::chrono_literals;

namespace {

using point = caf::actor_clock::time_point;

} // namespace

CAF_TEST(without a grid a window is exact) {
  CAF_CHECK(flush_grid{}.end_of(point{1234567ns}, 5s) == point{1234567ns + 5s});
}

CAF_TEST(a window ends at the last point that is not late) {
  flush_grid grid{500ms};
  CAF_CHECK(grid.end_of(point{0ns}, 5s) == point{5s});
  CAF_CHECK(grid.end_of(point{1ns}, 5s) == point{5s});
  CAF_CHECK(grid.end_of(point{499'999'999ns}, 5s) == point{5s});
  CAF_CHECK(grid.end_of(point{500ms}, 5s) == point{5500ms});
}

CAF_TEST(windows that begin apart end together) {
  flush_grid grid{500ms};
  CAF_CHECK(grid.end_of(point{10ms}, 5s) == grid.end_of(point{3010ms}, 2s));
}

CAF_TEST(a window shorter than twice the grid is exact) {
  flush_grid grid{500ms};
  CAF_CHECK(grid.end_of(point{7ms}, 1s - 1ns) == point{7ms + 1s - 1ns});
  CAF_CHECK(grid.end_of(point{7ms}, 1s) == point{1s});
}
