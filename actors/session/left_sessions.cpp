#include "actors/session/left_sessions.hpp"

#include "actors/storage/append_file.hpp"
#include "actors/storage/digest.hpp"
#include "actors/storage/stored_file.hpp"
#include "actors/storage/sync_token.hpp"

#include <algorithm>
#include <string_view>

namespace sluice {

namespace {

constexpr auto note_file = "backend-left";

/// In the place of a digest.
constexpr std::string_view whatever = "-";

/// The name first: one that a death cut short has no digest, and means nothing.
std::string line_of(const std::string& store, std::string_view digest) {
  return store + ' ' + std::string{digest} + '\n';
}

/// When they were updated does not count: that is put right in place.
std::string digest_of_all(const session_changes& x) {
  digest sum;
  auto add = [&sum](const std::string& part) {
    sum.add(std::to_string(part.size()) + ':');
    sum.add(part);
  };
  for (const auto& each : x.changes) {
    add(each.key);
    add(each.document);
  }
  return sum.hex();
}

} // namespace

caf::error left_sessions::read() {
  known_.clear();
  leaving_.clear();
  auto file = stored_file::open(in_, note_file);
  if (!file)
    return std::move(file.error());
  unknown_ = !*file;
  if (unknown_)
    return caf::none;
  io_counts unused;
  auto text = (*file)->read(0, (*file)->size(), unused);
  if (!text)
    return std::move(text.error());
  for (std::string_view rest = *text; !rest.empty();) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    if (const auto blank = line.rfind(' '); blank != line.npos)
      known_[std::string{line.substr(0, blank)}] = line.substr(blank + 1);
    rest.remove_prefix(std::min(end, rest.size() - 1) + 1);
  }
  return caf::none;
}

bool left_sessions::is_out_of_date(const session_changes& there) const {
  if (unknown_ || (there.changes.empty() && there.mark.spool_id.empty()))
    return true;
  const auto place = known_.find(there.store);
  return place != known_.end()
         && (place->second == whatever || place->second == digest_of_all(there));
}

caf::error left_sessions::begin(const std::string& store) {
  if (unknown_)
    return caf::none;
  auto file = append_file::open(in_.path(), note_file, in_.rights());
  if (!file)
    return std::move(file.error());
  io_counts unused;
  if (auto where = (*file)->make_ready(unused); !where)
    return std::move(where.error());
  if (auto done = (*file)->append_whole(line_of(store, whatever)); done.problem)
    return std::move(done.problem);
  // A power cut may leave what changes there, and this not.
  return sync_token{*file}.run_here();
}

void left_sessions::leave(const session_changes& from) {
  leaving_[from.store] = digest_of_all(from);
}

caf::error left_sessions::write() const {
  std::string text;
  for (const auto& [store, digest] : leaving_)
    text += line_of(store, digest);
  return in_.replace(note_file, text);
}

} // namespace sluice
