#include "actors/storage/spool_reading.hpp"

#include "actors/storage/regular_file.hpp"
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
                         "the spool cannot be read: " + path + " " + why
                           + "; a start without what it holds needs it moved away");
}

/// Names of all segments that lie there, on the list or not.
std::vector<std::string> segment_names(const std::string& dir) {
  std::vector<std::string> result;
  auto* listing = ::opendir(dir.c_str());
  if (listing == nullptr)
    return result;
  while (const auto* entry = ::readdir(listing))
    if (std::string_view{entry->d_name}.ends_with(segment_suffix))
      result.emplace_back(entry->d_name);
  ::closedir(listing);
  return result;
}

/// Whether a segment that is not on the list ought to be.
bool is_missed(std::string_view segment, const spool_identity& identity) {
  segment_header header;
  if (segment.size() < sizeof header)
    return false;
  std::memcpy(&header, segment.data(), sizeof header);
  return header.magic == segment_magic && header.spool_id == identity.spool_id
         && record_at(segment, sizeof header).length != 0;
}

class reading {
public:
  explicit reading(const spool_identity& identity) {
    contents.identity = identity;
    boot_ = current_boot();
  }

  /// Returns what is wrong, or an empty text.
  std::string take_segment(std::string_view bytes, uint64_t number) {
    segment_header header;
    if (bytes.size() >= sizeof header)
      std::memcpy(&header, bytes.data(), sizeof header);
    if (header.magic == retired_magic) {
      contents.retired.push_back(number);
      return "";
    }
    auto wrong = check_segment(bytes, contents.identity, number);
    if (!wrong.empty())
      return wrong;
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
      auto let_go = [released = lane.state.released](const auto& x) {
        return x.last_seq <= released;
      };
      records.erase(records.begin(),
                    std::find_if_not(records.begin(), records.end(), let_go));
      auto& note = lane.state.note;
      auto& doubt = lane.state.doubt;
      if (note && note->last_seq <= lane.state.written)
        note.reset();
      lane.note_void = lane.note_void && (note || doubt);
      if (!lane.note_void)
        continue;
      // Where it is in doubt cannot be found: twice is better than not at all.
      if (doubt && doubt->failed)
        lane.state.written = std::min(lane.state.written, doubt->what.first_seq - 1);
      note.reset();
      doubt.reset();
    }
  }

  spool_contents contents;

private:
  void take_record(const record_header& what, std::string_view data, uint64_t number,
                   bool this_boot) {
    auto& lane = contents.lanes[what.lane];
    lane.last_in = std::max(lane.last_in, number);
    if (what.kind == record_kind::data) {
      lane.state.appended = std::max(lane.state.appended, what.last_seq);
      lane.records.push_back(
        {what.last_seq, what.count, record_bytes(data.size()), data.size(), number});
      return;
    }
    const auto [said, doubt, bytes] = statement_at(data);
    if (what.kind == record_kind::lane) {
      lane.state.kind = static_cast<lane_kind>(data[bytes]);
      lane.state.name = data.substr(bytes + 1);
    }
    lane.state.appended = std::max(lane.state.appended, said.appended);
    if (said.version < lane.version)
      return;
    // The same version twice is the same statement: stated again, in a newer segment.
    if (said.version > lane.version)
      lane.note_void = !this_boot && said.parts != 0;
    lane.version = said.version;
    lane.stated_in = std::max(lane.stated_in, number);
    lane.state.written = said.written;
    lane.state.released = said.released;
    lane.state.note.reset();
    if ((said.parts & part_note) != 0)
      lane.state.note =
        batch_note{{said.device, said.inode, said.offset}, said.first_seq, said.last_seq};
    lane.state.doubt.reset();
    if ((said.parts & part_doubt) != 0)
      lane.state.doubt = sync_doubt{
        {{doubt.device, doubt.inode, doubt.offset}, doubt.first_seq, doubt.last_seq},
        doubt.failed != 0};
  }

  id_bytes boot_;
};

caf::error read_segments(const std::string& dir, int directory,
                         const std::vector<uint64_t>& listed, reading& into) {
  auto refuse = [&](const std::string& name, const std::string& why) {
    return unreadable(dir + "/" + name, why);
  };
  auto others = segment_names(dir);
  for (auto number : listed) {
    auto name = spool_segment::name_of(number);
    std::erase(others, name);
    auto file = spool_mapping::open(directory, name, false);
    if (!file)
      return refuse(name, text_of(file.error()));
    auto wrong = into.take_segment(file->bytes(), number);
    if (!wrong.empty())
      return refuse(name, wrong);
  }
  for (const auto& name : others) {
    auto file = spool_mapping::open(directory, name, false);
    if (file && is_missed(file->bytes(), into.contents.identity))
      return refuse(name, "is not on the header's list");
  }
  return caf::none;
}

/// A directory, and what the header in it says if there is a spool.
struct spool_files {
  unique_fd directory;
  std::optional<spool_header::content> head;
};

caf::expected<spool_files> open_spool_files(const std::string& dir) {
  spool_files result;
  result.directory = unique_fd{::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  const auto directory = result.directory.get();
  if (!result.directory && errno != ENOENT)
    return unreadable(dir, std::string{"does not open: "} + std::strerror(errno));
  if (!result.directory)
    return result;
  auto header = spool_mapping::open(directory, header_name, false);
  if (!header) {
    if (::faccessat(directory, header_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
      return unreadable(dir + "/header", text_of(header.error()));
    if (!segment_names(dir).empty())
      return unreadable(dir, "holds segments, but no header");
    return result;
  }
  result.head = spool_header::read(header->bytes());
  if (!result.head->wrong.empty())
    return unreadable(dir + "/header", result.head->wrong);
  return result;
}

} // namespace

bool spool_contents::has_unreleased() const {
  return std::any_of(lanes.begin(), lanes.end(),
                     [](const auto& each) { return !each.second.records.empty(); });
}

replay_slot spool_contents::after_death() const {
  auto result = replay;
  if (result.current_lane == 0)
    return result;
  const auto again = result.suspects(result.current_lane, result.current_seq);
  result.suspect_deaths = again ? result.suspect_deaths + 1 : 1;
  result.suspect_and_later = std::exchange(result.current_and_later, false);
  result.suspect_lane = std::exchange(result.current_lane, 0);
  result.suspect_seq = std::exchange(result.current_seq, 0);
  return result;
}

bool spool_in_use(const std::string& dir) {
  const auto file = open_regular(dir + "/" + header_name, O_RDONLY | O_NOFOLLOW);
  return file && *file && ::flock(file->get(), LOCK_SH | LOCK_NB) != 0
         && errno == EWOULDBLOCK;
}

std::string summary_of(const spool_contents& contents) {
  constexpr size_t lanes_told_max = 4;
  std::string result;
  size_t lanes = 0;
  for (const auto& [id, lane] : contents.lanes) {
    uint64_t items = 0;
    for (const auto& each : lane.records)
      items += std::min(each.count, each.last_seq - lane.state.released);
    if (items > 0 && ++lanes <= lanes_told_max)
      result += (lanes > 1 ? ", " : "") + std::to_string(items) + " items of "
                + to_string(lane.state.kind) + " " + lane.state.name;
  }
  if (lanes > lanes_told_max)
    result += " and those of " + std::to_string(lanes - lanes_told_max) + " more";
  return result;
}

caf::expected<std::optional<spool_owner_info>> spool_owner(const std::string& dir) {
  const auto found = open_spool_files(dir);
  if (!found)
    return found.error();
  std::optional<spool_owner_info> result;
  if (found->head) {
    const auto& identity = found->head->identity;
    result = spool_owner_info{text_of(identity.data_id), identity.data_dir.data()};
  }
  return result;
}

caf::expected<std::optional<spool_contents>> read_spool(const std::string& dir) {
  const auto found = open_spool_files(dir);
  if (!found)
    return found.error();
  if (!found->head)
    return std::optional<spool_contents>{};
  const auto& identity = found->head->identity;
  reading result{{identity.spool_id, identity.boot_id, identity.data_id}};
  result.contents.data_dir = identity.data_dir.data();
  result.contents.replay = found->head->replay;
  if (auto err =
        read_segments(dir, found->directory.get(), found->head->segments, result))
    return err;
  result.finish();
  return std::optional<spool_contents>{std::move(result.contents)};
}

} // namespace sluice
