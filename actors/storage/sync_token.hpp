// A SYNC is a TOKEN. Whoever wants a file on disk makes one, in the file's own thread:
// what the file holds is in doubt from then on, and whoever has to know is told. It is
// run in whatever thread may wait, and settled in the file's own. Only a good sync takes
// the doubt back: a token that is dropped, or that nobody settles since he died, leaves
// it.
#pragma once

#include "actors/storage/append_file.hpp"

#include <caf/error.hpp>

#include <cstdint>
#include <functional>
#include <memory>

namespace sluice {

/// Who has to know. Both may be empty; `doubt` is called from the thread that runs the
/// sync, too.
struct sync_claim {
  /// A sync of it begins, or has failed.
  std::function<void(bool failed)> doubt;
  /// All of it is safe on disk.
  std::function<void()> release;
};

class sync_token {
public:
  /// Says that all the file holds now is in doubt.
  explicit sync_token(std::shared_ptr<append_file> file, sync_claim claim = {});

  /// Brings it to disk. A failure is stated before it is returned, and stays with the
  /// file: none after it counts until what is in doubt was written again.
  caf::error run();

  /// Takes what `run` returned, or why it did not, and returns why it does not count. If
  /// it does, the doubt is over.
  caf::error settle(const caf::error& answer);

  /// Both, where somebody may wait in the file's own thread.
  caf::error run_here() { return settle(run()); }

  const std::shared_ptr<append_file>& file() const { return file_; }

private:
  void doubt(bool failed) const {
    if (claim_.doubt)
      claim_.doubt(failed);
  }

  std::shared_ptr<append_file> file_;
  sync_claim claim_;
  /// What the file was when the token was made.
  uint64_t end_;
  uint64_t failures_;
};

} // namespace sluice
