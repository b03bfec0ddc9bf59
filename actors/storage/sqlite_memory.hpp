// SQLite's memory: all of it is drawn from the system here, and counted by the thread
// that draws it. While a ration lives on a thread, SQLite gets so much there and no more;
// without one it gets what it asks for, so that the service's own statements lose nothing
// to a greedy one.
#pragma once

#include "actors/storage/sqlite_deadline.hpp"

#include <cstddef>
#include <cstdint>

namespace sluice::sqlite {

/// Makes SQLite draw its memory from here. To be called before anything else of SQLite.
void take_over_memory();

/// Why a ration was refused more.
enum class shortage : uint8_t {
  none,
  /// It has drawn all that there is for everybody.
  spent,
  /// Others hold what it would need.
  crowded,
  /// Its time is over.
  late,
  /// The system has none.
  failed,
};

class ration {
public:
  /// `own_bytes` are this ration's alone. What goes beyond is drawn from `shared_bytes`,
  /// which all rations of the process have together.
  ration(size_t own_bytes, size_t shared_bytes, const deadline& until);

  /// Gives back what was drawn.
  ~ration();

  ration(const ration&) = delete;
  ration& operator=(const ration&) = delete;

  /// Why SQLite was refused memory last.
  shortage refused() const { return refused_; }

  /// Whether its own bytes did not suffice.
  bool has_drawn() const { return drawn_ > 0; }

  /// The most that was held at once, beyond what was held before.
  size_t bytes_max() const { return static_cast<size_t>(high_ - before_); }

  /// Whether this thread may take `bytes` more.
  bool allows(size_t bytes);

  void note_failure() { refused_ = shortage::failed; }

private:
  bool draw(int64_t bytes);

  int64_t before_;
  int64_t high_;
  int64_t ceiling_;
  int64_t shared_;
  const deadline& until_;
  int64_t drawn_ = 0;
  uint32_t looks_ = 0;
  shortage refused_ = shortage::none;
};

/// Whether the system refused this thread memory since the last `forget_lack_of_memory`.
bool met_lack_of_memory();

/// Whether the system has now what it refused this thread; true if that was nothing.
bool lack_is_over();
void forget_lack_of_memory();

/// Whether the system has so many bytes now.
bool has_memory(size_t bytes);

/// What this thread was refused elsewhere in the name of SQLite is a lack too.
void note_lack_of_memory(size_t bytes);

/// Of the blocks that are larger so many are to be had first, and then one is not: so
/// often, and so many are in between.
struct famine {
  size_t bytes_max = SIZE_MAX;
  size_t spared = 0;
  size_t between = 0;
  size_t times = SIZE_MAX;
};

/// From here on the system has no more for this thread: how a test starves it.
void starve(const famine& x);

/// Bytes that SQLite holds by this thread's doing.
size_t bytes_held();

/// Gives memory that is free in this process back to the system.
void return_free_memory();

} // namespace sluice::sqlite
