#include "actors/storage/sync_token.hpp"

#include "messages/error.hpp"

#include <utility>

namespace sluice {

sync_token::sync_token(std::shared_ptr<append_file> file, sync_claim claim)
    : file_(std::move(file)), claim_(std::move(claim)), end_(file_->end()),
      failures_(file_->gate_.failures()) {
  doubt(false);
}

caf::error sync_token::run() {
  auto err = file_->sync();
  if (err)
    doubt(true);
  return err;
}

caf::error sync_token::settle(const caf::error& answer) {
  const auto heard = file_->gate_.failures() == failures_;
  if (answer) {
    // Who ran it may have died with the kernel's only word.
    if (heard)
      file_->distrust();
    doubt(true);
    return answer;
  }
  // It came after a failure, and so says nothing about what the failure lost.
  if (!heard)
    return caf::make_error(ec::disk_failed,
                           file_->path() + ": another sync of it failed meanwhile");
  file_->mark_synced(end_);
  if (claim_.release)
    claim_.release();
  return caf::none;
}

} // namespace sluice
