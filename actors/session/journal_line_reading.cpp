// What the lines of a journal say.

#include "actors/detail/json_index.hpp"
#include "actors/session/journal_check.hpp"
#include "actors/session/journal_line.hpp"

#include <charconv>

namespace sluice {

namespace {

/// Takes the members of a line apart.
class line_reader {
public:
  explicit line_reader(std::string_view line) : line_(line) {}

  std::optional<journal_line> run() {
    if (!checked())
      return std::nullopt;
    for (auto& x : json::list_members(line_, 1))
      if (!x.name.empty())
        take(x);
    if (head_ == std::string{journal_format})
      result_.what = journal_line::kind::head;
    else if (!head_.empty())
      return std::nullopt;
    result_.head.mark = {result_.numbers.spool_id.value_or(""),
                         result_.numbers.mark.value_or(0)};
    return std::move(result_);
  }

private:
  using kind = journal_line::kind;

  bool checked() const {
    auto tail = check_name.size() + check_digits + check_end.size();
    if (line_.size() <= tail || !line_.ends_with(check_end))
      return false;
    auto body = line_.substr(0, line_.size() - tail);
    auto rest = line_.substr(body.size());
    return rest.starts_with(check_name)
           && rest.substr(check_name.size(), check_digits) == check_of(body);
  }

  template <class Number>
  static Number number(std::string_view text) {
    Number x = 0;
    std::from_chars(text.data(), text.data() + text.size(), x);
    return x;
  }

  static std::string text(std::string_view quoted) {
    std::string space;
    auto inside = quoted.size() < 2 ? quoted : quoted.substr(1, quoted.size() - 2);
    return std::string{json::plain_name(inside, space)};
  }

  text_range range(std::string_view part) const {
    return {static_cast<uint64_t>(part.data() - line_.data()), part.size()};
  }

  /// A line has no blanks of its own: those around a document are the document's.
  text_range document_range_of(std::string_view value) const {
    return range(json::with_blanks(line_, value));
  }

  void take(const json::member& x) {
    if (x.name == "seq")
      result_.numbers.seq = number<uint64_t>(x.value);
    else if (x.name == "mark")
      result_.numbers.mark = number<uint64_t>(x.value);
    else if (x.name == "spool")
      result_.numbers.spool_id = text(x.value);
    else if (x.name == "key")
      take_key(x.value);
    else if (x.name == "updatedAt")
      result_.updated_at_ms = number<int64_t>(x.value);
    else if (x.name == "newlines")
      result_.document.newlines = range(x.value);
    else if (x.name == "document")
      take_document(x.value);
    else if (x.name == "erased")
      result_.what = kind::erased;
    else if (x.name == "store")
      take_store(x.value);
    else if (x.name == "format")
      head_ = text(x.value);
    else if (x.name == "version")
      result_.version = number<uint64_t>(x.value);
    else if (x.name == "snapshot" && x.is_object())
      take_snapshot(x.value);
  }

  void take_key(std::string_view quoted) {
    result_.key = text(quoted);
    result_.what = kind::time;
  }

  void take_document(std::string_view value) {
    result_.document.document = document_range_of(value);
    result_.what = kind::document;
  }

  void take_store(std::string_view value) {
    std::string space;
    result_.what = kind::store;
    auto list = json::list_members(value, 1);
    for (size_t i = 1; i < list.size(); ++i)
      result_.documents.emplace_back(std::string{json::plain_name(list[i].name, space)},
                                     document_range_of(list[i].value));
  }

  void take_snapshot(std::string_view value) {
    snapshot_digest found;
    for (auto& x : json::list_members(value, 1)) {
      if (x.name == "bytes")
        found.bytes = number<uint64_t>(x.value);
      else if (x.name == "ours")
        found.ours = x.value == "true";
      else if (x.name == "sha256")
        found.sha256 = text(x.value);
    }
    result_.head.snapshot = std::move(found);
  }

  std::string_view line_;
  std::string head_;
  journal_line result_;
};

} // namespace

std::optional<journal_line> read_journal_line(std::string_view line) {
  return line_reader{line}.run();
}

void restore_newlines(std::string& document, std::string_view list) {
  size_t at = 0;
  auto* next = list.data() + 1;
  auto* end = list.data() + list.size();
  while (next < end) {
    size_t distance = 0;
    auto [behind, problem] = std::from_chars(next, end, distance);
    if (problem != std::errc{} || distance >= document.size() - at)
      return;
    at += distance;
    document[at++] = '\n';
    next = behind + 1;
  }
}

} // namespace sluice
