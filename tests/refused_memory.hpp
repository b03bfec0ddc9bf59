// Memory that is refused to C++ on one thread. Whoever includes this links
// `sluice_refused_memory`, which stands in for `operator new`.
#pragma once

namespace sluice::test {

/// How many allocations of this thread are granted before one is refused; none is if it
/// is negative.
void grant_allocations(int count);

} // namespace sluice::test
