// What a flush appends to a store's journal: lines for the documents that changed, in
// the order in which they came, and nothing for those that are as they were.

#include "actors/detail/json_input.hpp"
#include "actors/session/journal_store.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

/// A longer line is not written for a whole store: its documents have their own.
constexpr uint64_t store_line_bytes_max = 4'194'304;

bool has_own_time(const session_change& x) {
  return json::updated_at_ms(x.document) == x.updated_at_ms;
}

} // namespace

bool journal_store::holds(const indexed_document& x, const std::string& document,
                          io_counts& io) const {
  if (x.hash != hash_of(document) || x.where.document.length != document.size())
    return false;
  auto stored = read(x, io);
  return stored && *stored == document;
}

journal_plan journal_store::plan(session_changes x, io_counts& io,
                                 int64_t right_now_ms) const {
  journal_plan plan;
  auto told = !x.mark.spool_id.empty();
  plan.mark = told ? x.mark : files_.mark;
  auto marks_only = x.changes.empty() && told && x.mark != written_mark_;
  auto changes = sort_out(x, plan, io);
  plan.says_mark = !changes.empty() || marks_only;
  if (right_now_ms > 0)
    plan.times = files_.index.undated(right_now_ms);
  if (!plan.says_mark && plan.times.empty())
    return plan;
  if (fresh()) {
    plan.bytes = head_line({files_.mark, files_.digest});
    for (auto& [key, document] : files_.index.all())
      if (!document.own_time)
        append_time_line(plan.bytes, key, document.updated_at_ms);
    plan.head_bytes = plan.bytes.size();
    plan.says_mark = true;
  }
  for (auto& [key, updated_at_ms] : plan.times)
    append_time_line(plan.bytes, key, updated_at_ms);
  if (marks_only)
    append_mark_line(plan.bytes, numbers(plan, true, true));
  else if (changes.empty())
    return plan;
  else if (replaces_all(changes, plan))
    append_whole(changes, plan);
  else
    append_lines(changes, plan);
  return plan;
}

/// Returns what has to be written.
std::vector<session_change>
journal_store::sort_out(session_changes& x, journal_plan& plan, io_counts& io) const {
  // Numbers mean something only within one spool.
  auto numbered = !x.mark.spool_id.empty();
  auto same_spool = numbered && x.mark.spool_id == numbers_spool_;
  std::vector<session_change> result;
  for (auto& change : x.changes) {
    if (!numbered)
      change.seq = 0;
    auto* stored = files_.index.find(change.key);
    // A replay may bring what was superseded before it was interrupted; what has no
    // number is no replay.
    auto replayed = same_spool && change.seq > 0;
    auto superseded = stored && replayed && change.seq < stored->seq;
    if (superseded || (change.erased && !stored))
      continue;
    if (!change.erased && stored && holds(*stored, change.document, io))
      plan.equal.emplace_back(change.key, change.seq);
    else
      result.push_back(std::move(change));
  }
  return result;
}

line_numbers journal_store::numbers(const journal_plan& plan, bool first,
                                    bool last) const {
  line_numbers result;
  auto& named = fresh() ? files_.mark.spool_id : files_.named_spool;
  if (plan.mark.spool_id.empty())
    return result;
  if (first && plan.mark.spool_id != named)
    result.spool_id = plan.mark.spool_id;
  if (last)
    result.mark = plan.mark.seq;
  return result;
}

void journal_store::append_lines(const std::vector<session_change>& changes,
                                 journal_plan& plan) const {
  for (size_t i = 0; i < changes.size(); ++i) {
    auto& x = changes[i];
    auto line = numbers(plan, i == 0, i + 1 == changes.size());
    line.seq = x.seq;
    auto where = append_change_line(plan.bytes, x, line);
    journal_plan::change planned{x.key, x.erased, {}};
    if (!x.erased)
      planned.document = index_document(true, where, x.document, x.updated_at_ms, 0);
    planned.document.seq = x.seq;
    plan.changes.push_back(std::move(planned));
  }
}

/// Whether one line can say it all: so a replaced store is never seen half replaced.
bool journal_store::replaces_all(const std::vector<session_change>& changes,
                                 const journal_plan& plan) const {
  auto erases = [](const session_change& x) { return x.erased; };
  if (changes.size() <= 1 || !plan.equal.empty()
      || std::none_of(changes.begin(), changes.end(), erases))
    return false;
  uint64_t known = 0;
  uint64_t bytes = 0;
  auto says_own = false;
  std::optional<int64_t> time;
  for (auto& x : changes) {
    known += files_.index.find(x.key) != nullptr;
    bytes += x.key.size() + x.document.size();
    auto own = !x.erased && has_own_time(x);
    says_own = says_own || own;
    if (x.erased || own)
      continue;
    if (time.value_or(x.updated_at_ms) != x.updated_at_ms)
      return false;
    time = x.updated_at_ms;
  }
  if (says_own && is_doubtful(time.value_or(0)))
    return false;
  auto folded = [](const session_change& x) {
    return x.document.find('\n') != x.document.npos;
  };
  return known == files_.index.entries() && bytes <= store_line_bytes_max
         && std::none_of(changes.begin(), changes.end(), folded);
}

void journal_store::append_whole(const std::vector<session_change>& changes,
                                 journal_plan& plan) const {
  auto line = numbers(plan, true, true);
  std::optional<int64_t> time;
  std::vector<session_change> kept;
  for (auto& x : changes) {
    line.seq = std::max(line.seq, x.seq);
    if (x.erased) {
      plan.changes.push_back({x.key, true, {}});
      continue;
    }
    if (!has_own_time(x))
      time = x.updated_at_ms;
    kept.push_back(x);
  }
  auto where = append_store_line(plan.bytes, kept, time, line);
  for (size_t i = 0; i < kept.size(); ++i) {
    auto& x = kept[i];
    journal_plan::change planned{x.key, false, {}};
    planned.document = index_document(true, where[i], x.document, x.updated_at_ms, 0);
    planned.document.seq = x.seq;
    plan.changes.push_back(std::move(planned));
  }
}

caf::error journal_store::write(const journal_plan& x, io_counts& io) {
  if (x.bytes.empty()) {
    commit(x, 0);
    return caf::none;
  }
  if (!files_.journal)
    if (auto err = open_journal())
      return err;
  auto offset = files_.journal->end();
  auto done = files_.journal->append_whole(x.bytes);
  io += done.io;
  if (done.problem) {
    needs_rebuild_ = needs_rebuild_ || done.bytes > 0;
    return done.problem;
  }
  if (offset == 0)
    files_.base = x.head_bytes;
  if (x.says_mark) {
    files_.named_spool = x.mark.spool_id;
    written_mark_ = x.mark;
  }
  commit(x, offset);
  return caf::none;
}

void journal_store::commit(const journal_plan& x, uint64_t offset) {
  auto& index = files_.index;
  if (x.mark.spool_id != numbers_spool_) {
    numbers_spool_ = x.mark.spool_id;
    index.forget_numbers();
  }
  for (auto& [key, seq] : x.equal)
    index.set_seq(key, seq);
  for (auto& [key, updated_at_ms] : x.times)
    index.set_time(key, updated_at_ms);
  for (auto& change : x.changes) {
    if (change.erased) {
      index.erase(change.key);
      continue;
    }
    auto document = change.document;
    document.where.document.offset += offset;
    document.where.newlines.offset += offset;
    index.set(change.key, document);
  }
  files_.mark = x.mark;
}

} // namespace sluice
