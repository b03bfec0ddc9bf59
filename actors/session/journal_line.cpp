#include "actors/session/journal_line.hpp"

#include "actors/detail/json_input.hpp"
#include "actors/detail/json_text.hpp"
#include "actors/session/journal_check.hpp"

#include <algorithm>

namespace sluice {

namespace {

/// Builds one line at the end of a text.
class line_builder {
public:
  explicit line_builder(std::string& out) : out_(out), start_(out.size()) { out_ += '{'; }

  void name(std::string_view x) {
    if (out_.size() > start_ + 1)
      out_ += ',';
    out_ += '"';
    out_ += x;
    out_ += "\":";
  }

  template <class Number>
  void number(std::string_view member, Number x) {
    name(member);
    out_ += std::to_string(x);
  }

  void text(std::string_view member, std::string_view x) {
    name(member);
    json::append_quoted(out_, x);
  }

  void front(const line_numbers& x) {
    if (x.spool_id)
      text("spool", *x.spool_id);
    if (x.seq > 0)
      number("seq", x.seq);
    if (x.mark)
      number("mark", *x.mark);
  }

  /// Appends a value as it is; returns where it stands.
  text_range raw(std::string_view value) {
    text_range where{out_.size(), value.size()};
    out_ += value;
    return where;
  }

  void end() {
    auto check = check_of(std::string_view{out_}.substr(start_));
    out_ += check_name;
    out_ += check;
    out_ += check_end;
    out_ += '\n';
  }

private:
  std::string& out_;
  size_t start_;
};

/// The list of newlines: how many bytes lie before each since the one before.
std::string newlines_of(std::string_view document) {
  std::string list = "[";
  size_t from = 0;
  for (auto at = document.find('\n'); at != document.npos;
       at = document.find('\n', from)) {
    if (list.size() > 1)
      list += ',';
    list += std::to_string(at - from);
    from = at + 1;
  }
  return list + "]";
}

} // namespace

std::string head_line(const journal_head& x) {
  std::string out;
  line_builder line{out};
  line.text("format", journal_format);
  line.number("version", journal_version);
  if (!x.mark.spool_id.empty())
    line.front({x.mark.spool_id, 0, x.mark.seq});
  line.name("snapshot");
  if (x.snapshot) {
    line.raw("{\"bytes\":" + std::to_string(x.snapshot->bytes) + ",\"sha256\":");
    json::append_quoted(out, x.snapshot->sha256);
    out += x.snapshot->ours ? ",\"ours\":true}" : "}";
  } else {
    line.raw("null");
  }
  line.end();
  return out;
}

document_range append_change_line(std::string& out, const session_change& x,
                                  const line_numbers& numbers) {
  document_range where;
  line_builder line{out};
  line.front(numbers);
  line.text("key", x.key);
  if (x.erased) {
    line.name("erased");
    line.raw("true");
  } else {
    if (json::updated_at_ms(x.document) != x.updated_at_ms)
      line.number("updatedAt", x.updated_at_ms);
    auto folded = x.document.find('\n') != x.document.npos;
    if (folded) {
      line.name("newlines");
      where.newlines = line.raw(newlines_of(x.document));
    }
    line.name("document");
    where.document = line.raw(x.document);
    if (folded)
      std::replace(out.begin() + static_cast<std::ptrdiff_t>(where.document.offset),
                   out.end(), '\n', ' ');
  }
  line.end();
  return where;
}

std::vector<document_range> append_store_line(std::string& out,
                                              const std::vector<session_change>& all,
                                              std::optional<int64_t> updated_at_ms,
                                              const line_numbers& numbers) {
  std::vector<document_range> where;
  line_builder line{out};
  line.front(numbers);
  if (updated_at_ms)
    line.number("updatedAt", *updated_at_ms);
  line.name("store");
  char separator = '{';
  for (auto& x : all) {
    out += separator;
    separator = ',';
    json::append_quoted(out, x.key);
    out += ':';
    where.push_back({line.raw(x.document), {}});
  }
  out += where.empty() ? "{}" : "}";
  line.end();
  return where;
}

void append_time_line(std::string& out, const std::string& key, int64_t updated_at_ms) {
  line_builder line{out};
  line.text("key", key);
  line.number("updatedAt", updated_at_ms);
  line.end();
}

void append_mark_line(std::string& out, const line_numbers& numbers) {
  line_builder line{out};
  line.front(numbers);
  line.end();
}

} // namespace sluice
