#include "app/http/router.hpp"

#include "actors/detail/nearest.hpp"
#include "app/http/problem.hpp"

#include <algorithm>
#include <exception>

namespace sluice::http {

namespace {

constexpr std::string_view any_segment = "{}";

/// What a segment too many or too few counts, in letters that differ.
constexpr size_t segment_cost = 3;

/// More of a path than this is not compared.
constexpr size_t segments_looked_at_max = 8;
constexpr size_t segment_bytes_max = 64;

std::string_view name_of(verb method) {
  switch (method) {
    case verb::get:
      return "GET";
    case verb::post:
      return "POST";
    case verb::put:
      return "PUT";
    case verb::patch:
      return "PATCH";
    case verb::erase:
      return "DELETE";
  }
  return {};
}

/// An upgrade has no answer whose head could be asked for.
bool answers_head(const route& x) {
  return x.method == verb::get && !x.upgrade;
}

bool accepts(const route& x, std::string_view name) {
  return name == name_of(x.method) || (answers_head(x) && name == "HEAD");
}

} // namespace

void handle(edge& e, const route& to, const exchange_ptr& x) {
  try {
    to.handle(e, x);
  } catch (const std::exception& what) {
    x->reply(problem(ec::unavailable, what.what()));
  }
}

void router::add(std::span<const route> rows) {
  for (const auto& what : rows) {
    row added{&what, {}};
    for (auto rest = what.pattern.substr(1); !rest.empty();) {
      const auto length = std::min(rest.find('/'), rest.size());
      added.segments.push_back(rest.substr(0, length));
      rest.remove_prefix(std::min(length + 1, rest.size()));
    }
    rows_.push_back(std::move(added));
  }
}

match router::find(std::string_view method, const target& where) const {
  match result;
  for (const auto& x : rows_) {
    if (!x.fits(where))
      continue;
    result.found = true;
    if (!accepts(*x.what, method))
      continue;
    result.to = x.what;
    for (size_t i = 0; i < x.segments.size(); ++i)
      if (x.segments[i] == any_segment)
        result.captures.push_back(where.segments[i]);
    break;
  }
  return result;
}

std::string router::allowed(const target& where) const {
  std::vector<std::string_view> names;
  auto add_name = [&](std::string_view name) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(name);
  };
  for (const auto& x : rows_) {
    if (!where.whole_service && !x.fits(where))
      continue;
    add_name(name_of(x.what->method));
    if (answers_head(*x.what))
      add_name("HEAD");
  }
  std::string result;
  for (auto name : names)
    result.append(result.empty() ? "" : ", ").append(name);
  return result;
}

std::string router::nearest(const target& where) const {
  const auto& closest =
    *std::min_element(rows_.begin(), rows_.end(), [&](const row& x, const row& y) {
      return x.distance(where) < y.distance(where);
    });
  std::string result;
  for (auto segment : closest.segments)
    result.append("/").append(segment == any_segment ? "{name}" : segment);
  return result;
}

bool router::row::fits(const target& where) const {
  return !where.whole_service
         && std::equal(segments.begin(), segments.end(), where.segments.begin(),
                       where.segments.end(),
                       [](std::string_view pattern, std::string_view segment) {
                         return pattern == any_segment || pattern == segment;
                       });
}

size_t router::row::distance(const target& where) const {
  const auto begin = where.segments.begin();
  const auto looked_at = std::min(where.segments.size(), segments_looked_at_max);
  return detail::edits(segments.size(), looked_at, segment_cost, [&](size_t i, size_t j) {
    const std::string_view wanted = begin[static_cast<ptrdiff_t>(j)];
    return segments[i] == any_segment
             ? size_t{wanted.empty()}
             : detail::distance(segments[i], wanted.substr(0, segment_bytes_max));
  });
}

} // namespace sluice::http
