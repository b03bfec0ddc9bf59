#include "actors/storage/sqlite_wal.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <system_error>

namespace sluice::sqlite {

namespace {

// SQLite's file format: a header, then frames, each a header and a page.
constexpr int64_t wal_header_bytes = 32;
constexpr int64_t frame_header_bytes = 24;

} // namespace

void wal_tracker::opened(connection& db, const vfs& files, const std::string& path) {
  file_ = path + "-wal";
  restarts_ = files.wal_restarts();
  page_bytes_ = 4096;
  if (auto found = db.ask("PRAGMA page_size"); found && !found->empty()) {
    const auto& text = found->front();
    std::from_chars(text.data(), text.data() + text.size(), page_bytes_);
  }
  state_ = {};
  set_frames((file_bytes() - wal_header_bytes) / (page_bytes_ + frame_header_bytes));
}

void wal_tracker::committed(connection& db, const vfs& files) {
  auto frames = db.take_wal_frames();
  if (frames < 0)
    return;
  if (files.wal_restarts() != restarts_) {
    restarts_ = files.wal_restarts();
    state_.checkpointed = 0;
  }
  set_frames(frames);
}

void wal_tracker::checkpointed(checkpoint_report& report) {
  if (report.wal_frames >= 0 && report.checkpointed >= 0) {
    set_frames(report.wal_frames);
    state_.checkpointed = report.checkpointed;
  } else { // there is no WAL, or SQLite was kept from looking at it
    report.wal_frames = state_.frames;
    report.checkpointed = state_.checkpointed;
  }
  report.wal_bytes = file_bytes();
}

void wal_tracker::set_frames(int64_t frames) {
  state_.frames = std::max<int64_t>(frames, 0);
  state_.bytes =
    state_.frames == 0
      ? 0
      : wal_header_bytes + state_.frames * (page_bytes_ + frame_header_bytes);
}

int64_t wal_tracker::file_bytes() const {
  std::error_code failed;
  auto size = std::filesystem::file_size(file_, failed);
  return failed ? 0 : static_cast<int64_t>(size);
}

} // namespace sluice::sqlite
