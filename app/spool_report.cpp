#include "app/spool_report.hpp"

#include "app/http/json_writer.hpp"
#include "app/printable.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice {

namespace {

const char* name_of(lane_kind kind) {
  switch (kind) {
    case lane_kind::log:
      return "log";
    case lane_kind::session:
      return "session";
    case lane_kind::queue:
      return "queue";
    case lane_kind::number_floor:
      return "floor";
  }
  return "unknown";
}

struct held {
  uint64_t items = 0;
  uint64_t bytes = 0;
  /// Items that a start writes: the others are written, and compared or synced.
  uint64_t replayed = 0;
};

held held_by(const spool_contents::lane& lane) {
  held result;
  for (const auto& each : lane.records) {
    result.items += std::min(each.count, each.last_seq - lane.state.released);
    result.bytes += each.data_bytes;
    if (each.last_seq > lane.state.written)
      result.replayed += std::min(each.count, each.last_seq - lane.state.written);
  }
  return result;
}

std::string note_of(const spool_contents::lane& lane) {
  if (lane.note_void)
    return "of another boot";
  if (!lane.state.note)
    return "-";
  const auto& note = *lane.state.note;
  return fmt::format("{} to {} at byte {} of file {}:{}", note.first_seq, note.last_seq,
                     note.where.offset, note.where.device, note.where.inode);
}

std::string doubt_of(const spool_contents::lane& lane) {
  if (!lane.state.doubt)
    return "-";
  const auto& [what, failed] = *lane.state.doubt;
  return fmt::format("{} to {} {}", what.first_seq, what.last_seq,
                     failed ? "failed" : "cut short");
}

/// The record that a start sets aside, if any: its lane and number, and how many died.
std::optional<spool_format::replay_slot> suspect_of(const spool_contents& contents) {
  auto slot = contents.after_death();
  if (slot.suspect_deaths < replay_deaths_max
      || !contents.lanes.contains(slot.suspect_lane))
    return std::nullopt;
  return slot;
}

void tell_lanes(std::string& out, const spool_contents& contents) {
  constexpr auto row = "{:<8} {:<24} {:>12} {:>12} {:>12} {:>10} {:>12}  {:<24} {}";
  append_line(out, row, "kind", "name", "appended", "written", "released", "items",
              "bytes", "sync in doubt", "batch begun");
  for (const auto& [id, lane] : contents.lanes) {
    const auto& state = lane.state;
    auto has = held_by(lane);
    append_line(out, row, name_of(state.kind), state.name, state.appended, state.written,
                state.released, has.items, has.bytes, doubt_of(lane), note_of(lane));
  }
}

void tell_plans(std::string& out, const spool_contents& contents) {
  auto plans = 0;
  for (const auto& [id, lane] : contents.lanes) {
    auto has = held_by(lane);
    auto who = fmt::format("{} {}", name_of(lane.state.kind), lane.state.name);
    if (has.replayed > 0) {
      ++plans;
      append_line(out, "a start will replay {} items of {}", has.replayed, who);
    }
    if (has.items > has.replayed) {
      ++plans;
      append_line(out, "a start will sync {} items of {}, written already",
                  has.items - has.replayed, who);
    }
    if (const auto& doubt = lane.state.doubt) {
      ++plans;
      append_line(out, "a start will not believe items {} to {} of {}: a sync {}",
                  doubt->what.first_seq, doubt->what.last_seq, who,
                  doubt->failed ? "of them failed" : "was to bring them to disk");
    }
    if (lane.note_void) {
      ++plans;
      append_line(out,
                  "a start cannot place the batch begun for {}: it is of another "
                  "boot",
                  who);
    }
  }
  if (auto slot = suspect_of(contents)) {
    ++plans;
    const auto& state = contents.lanes.at(slot->suspect_lane).state;
    append_line(out, "a start will set aside record {} of {} {}: {} starts died in it",
                slot->suspect_seq, name_of(state.kind), state.name, slot->suspect_deaths);
  }
  if (plans == 0)
    append_line(out, "a start will replay nothing");
}

uint64_t bytes_of(const spool_contents& contents) {
  uint64_t result = 0;
  for (const auto& each : contents.segments)
    result += each.bytes;
  return result;
}

/// Where a batch begins, and its numbers; leaves the object open.
http::json_writer& open_note(http::json_writer& out, const batch_note& note) {
  return out.open_object()
    .member("device", note.where.device)
    .member("inode", note.where.inode)
    .member("offset", note.where.offset)
    .member("first", note.first_seq)
    .member("last", note.last_seq);
}

void write_lane(http::json_writer& out, const spool_contents::lane& lane) {
  const auto& state = lane.state;
  auto has = held_by(lane);
  out.open_object()
    .member("kind", name_of(state.kind))
    .member("name", std::string_view{state.name})
    .member("appended", state.appended)
    .member("written", state.written)
    .member("released", state.released)
    .member("items", has.items)
    .member("bytes", has.bytes)
    .member("replay", has.replayed)
    .member("noteVoid", lane.note_void)
    .key("note");
  if (const auto& note = state.note)
    open_note(out, *note).close_object();
  else
    out.null();
  out.key("doubt");
  if (const auto& doubt = state.doubt)
    open_note(out, doubt->what).member("failed", doubt->failed).close_object();
  else
    out.null();
  out.close_object();
}

void write_suspect(http::json_writer& out, const spool_contents& contents) {
  out.key("setAside");
  auto slot = suspect_of(contents);
  if (!slot) {
    out.null();
    return;
  }
  const auto& state = contents.lanes.at(slot->suspect_lane).state;
  out.open_object()
    .member("kind", name_of(state.kind))
    .member("name", std::string_view{state.name})
    .member("seq", slot->suspect_seq)
    .member("deaths", slot->suspect_deaths)
    .close_object();
}

} // namespace

std::string text_of(const spool_report& report) {
  std::string out;
  if (!report.contents) {
    append_line(out, "no spool is at {}: a start will replay nothing", report.dir);
    return out;
  }
  const auto& contents = *report.contents;
  append_line(out, "spool {} ({}) of data directory {} ({})", report.dir,
              text_of(contents.identity.spool_id), contents.data_dir,
              text_of(contents.identity.data_id));
  append_line(out, "{} segments, {} bytes{}", contents.segments.size(),
              bytes_of(contents), report.in_use ? ", in use by a running service" : "");
  tell_lanes(out, contents);
  if (report.refusal.empty())
    tell_plans(out, contents);
  else
    append_line(out, "a start will refuse it: {}", report.refusal);
  return out;
}

std::string json_of(const spool_report& report) {
  http::json_writer out;
  out.open_object().member("dir", std::string_view{report.dir});
  out.member("inUse", report.in_use).member("found", report.contents.has_value());
  if (report.contents) {
    const auto& contents = *report.contents;
    out.member("dataDir", std::string_view{contents.data_dir})
      .member("dataId", std::string_view{text_of(contents.identity.data_id)})
      .member("spoolId", std::string_view{text_of(contents.identity.spool_id)})
      .member("segments", contents.segments.size())
      .member("bytes", bytes_of(contents));
    out.key("refusal");
    if (report.refusal.empty())
      out.null();
    else
      out.value(std::string_view{report.refusal});
    out.key("lanes").open_array();
    for (const auto& [id, lane] : contents.lanes)
      write_lane(out, lane);
    out.close_array();
    write_suspect(out, contents);
  }
  return out.close_object().take();
}

} // namespace sluice
