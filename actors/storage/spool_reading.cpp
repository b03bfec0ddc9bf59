#include "actors/storage/spool_reading.hpp"

#include "actors/storage/spool_scan.hpp"
#include "actors/storage/system_error.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sluice {

using namespace spool_format;

namespace {

caf::error unreadable(const std::string& path, const std::string& why) {
  return caf::make_error(ec::unavailable,
                         "the spool cannot be read: " + path + " " + why);
}

/// Whether a segment lies there although no header does.
bool holds_segments(const std::string& dir) {
  auto* listing = ::opendir(dir.c_str());
  if (listing == nullptr)
    return false;
  auto found = false;
  while (const auto* entry = ::readdir(listing))
    found = found || std::string_view{entry->d_name}.ends_with(segment_suffix);
  ::closedir(listing);
  return found;
}

class reading {
public:
  explicit reading(const spool_identity& identity) {
    contents.identity = identity;
    boot_ = current_boot();
  }

  /// Returns what is wrong, or an empty text.
  std::string take_segment(std::string_view bytes, uint64_t number) {
    auto wrong = check_segment(bytes, contents.identity, number);
    if (!wrong.empty())
      return wrong;
    segment_header header;
    std::memcpy(&header, bytes.data(), sizeof header);
    spool_contents::segment info{number, bytes.size(), 0};
    std::map<lane_id, bool> named;
    each_record(bytes, [&](const record_header& what, std::string_view data) {
      ++info.records;
      if (what.kind == record_kind::lane)
        named[what.lane] = true;
      else if (!named[what.lane])
        wrong = "has a record of a lane that it does not name";
      take_record(what, data, number, header.boot_id == boot_);
    });
    contents.segments.push_back(info);
    return wrong;
  }

  /// Puts in order what came by segments.
  void finish() {
    for (auto& [id, lane] : contents.lanes) {
      auto& records = lane.records;
      // A record that was moved may be there twice: the newer place counts.
      std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
        return a.last_seq != b.last_seq ? a.last_seq < b.last_seq : a.segment > b.segment;
      });
      auto twice =
        std::unique(records.begin(), records.end(), [](const auto& a, const auto& b) {
          return a.last_seq == b.last_seq;
        });
      records.erase(twice, records.end());
      auto let_go = [&](const auto& x) { return x.last_seq <= lane.state.released; };
      records.erase(records.begin(),
                    std::find_if_not(records.begin(), records.end(), let_go));
      auto& note = lane.state.note;
      if (note && note->last_seq <= lane.state.written)
        note.reset();
      if (note && lane.note_void)
        note.reset();
      else
        lane.note_void = false;
    }
  }

  spool_contents contents;

private:
  void take_record(const record_header& what, std::string_view data, uint64_t number,
                   bool this_boot) {
    auto& lane = contents.lanes[what.lane];
    if (what.kind == record_kind::data) {
      lane.state.appended = std::max(lane.state.appended, what.last_seq);
      lane.records.push_back(
        {what.last_seq, what.count, record_bytes(data.size()), data.size(), number});
      return;
    }
    lane_statement said;
    std::memcpy(&said, data.data(), sizeof said);
    if (what.kind == record_kind::lane) {
      lane.state.kind = static_cast<lane_kind>(data[sizeof said]);
      lane.state.name = data.substr(sizeof said + 1);
    }
    lane.state.appended = std::max(lane.state.appended, said.appended);
    if (said.version < lane.version)
      return;
    // The same version twice is the same statement: stated again, in a newer segment.
    if (said.version > lane.version)
      lane.note_void = !this_boot && said.has_note != 0;
    lane.version = said.version;
    lane.stated_in = std::max(lane.stated_in, number);
    lane.state.written = said.written;
    lane.state.released = said.released;
    lane.state.note.reset();
    if (said.has_note != 0)
      lane.state.note =
        batch_note{{said.device, said.inode, said.offset}, said.first_seq, said.last_seq};
  }

  id_bytes boot_;
};

} // namespace

bool spool_contents::has_unreleased() const {
  return std::any_of(lanes.begin(), lanes.end(),
                     [](const auto& each) { return !each.second.records.empty(); });
}

replay_slot spool_contents::after_death() const {
  auto result = replay;
  if (result.current_lane == 0)
    return result;
  auto again = result.current_lane == result.suspect_lane
               && result.current_seq == result.suspect_seq;
  result.suspect_deaths = again ? result.suspect_deaths + 1 : 1;
  result.suspect_lane = std::exchange(result.current_lane, 0);
  result.suspect_seq = std::exchange(result.current_seq, 0);
  return result;
}

bool spool_in_use(const std::string& dir) {
  auto path = dir + "/" + header_name;
  unique_fd file{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  return file && ::flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

caf::expected<std::optional<spool_contents>> read_spool(const std::string& dir) {
  unique_fd directory{::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!directory) {
    if (errno == ENOENT)
      return std::optional<spool_contents>{};
    return unreadable(dir, std::string{"does not open: "} + std::strerror(errno));
  }
  auto header = spool_mapping::open(directory.get(), header_name, false);
  if (!header) {
    if (::faccessat(directory.get(), header_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
      return unreadable(dir + "/header", text_of(header.error()));
    if (holds_segments(dir))
      return unreadable(dir, "holds segments, but no header");
    return std::optional<spool_contents>{};
  }
  auto head = spool_header::read(header->bytes());
  if (!head.wrong.empty())
    return unreadable(dir + "/header", head.wrong);
  reading result{{head.identity.spool_id, head.identity.boot_id, head.identity.data_id}};
  result.contents.data_dir = head.identity.data_dir.data();
  result.contents.replay = head.replay;
  for (auto number : head.segments) {
    auto name = spool_segment::name_of(number);
    auto file = spool_mapping::open(directory.get(), name, false);
    if (!file)
      return unreadable(dir + "/" + name, text_of(file.error()));
    auto wrong = result.take_segment(file->bytes(), number);
    if (!wrong.empty())
      return unreadable(dir + "/" + name, wrong);
  }
  result.finish();
  return std::optional<spool_contents>{std::move(result.contents)};
}

} // namespace sluice
