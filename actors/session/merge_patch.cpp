#include "actors/session/merge_patch.hpp"

#include "actors/detail/json_index.hpp"
#include "actors/detail/json_input.hpp"
#include "messages/paying.hpp"

#include <deque>
#include <unordered_map>
#include <vector>

namespace sluice {

namespace {

using json::member;

constexpr size_t none = 0;

/// A shorter text's members are not worth counting.
constexpr size_t long_bytes_min = 1'048'576;

/// A name of the patch, where it is looked up.
constexpr size_t bytes_a_touch = 80;

/// Both texts, taken apart, and the result as it grows. Members are known by their
/// indexes; 0 is a whole text.
class merger {
public:
  merger(std::string_view target, std::string_view patch)
      : target_(json::list_members(target, json::depth_max)),
        patch_(json::list_members(patch, json::depth_max)) {
    count_nulls();
    out_.reserve(target.size() + patch.size());
  }

  std::string run() {
    if (!patch_[0].is_object())
      return std::string{patch_[0].value};
    if (target_[0].is_object())
      merge(0, true, 0);
    else
      write_new(0);
    return std::move(out_);
  }

private:
  /// What a patch says about one name, and where the target has it.
  struct touch {
    size_t patch = none;
    size_t target = none;
  };

  using touches = std::unordered_map<std::string_view, touch>;

  /// Nulls before each index, so that an object's are a difference.
  void count_nulls() {
    nulls_.assign(1, 0);
    for (auto& x : patch_)
      nulls_.push_back(nulls_.back() + (x.value == "null"));
  }

  bool has_nulls(size_t at) const { return nulls_[patch_[at].after] > nulls_[at + 1]; }

  template <class Visit>
  static void each_member(const std::vector<member>& list, size_t of, Visit visit) {
    for (auto at = of + 1; at < list[of].after; at = list[at].after)
      visit(at, list[at]);
  }

  /// The name without escapes, for as long as this object lives.
  std::string_view plain(const member& x) {
    if (x.name.find('\\') == x.name.npos)
      return x.name;
    std::string space;
    return names_.emplace_back(json::plain_name(x.name, space));
  }

  touches read_touches(size_t target, bool has_target, size_t patch) {
    touches result;
    each_member(patch_, patch,
                [&](size_t at, const member& x) { result[plain(x)].patch = at; });
    if (has_target)
      each_member(target_, target, [&](size_t at, const member& x) {
        if (auto found = result.find(plain(x)); found != result.end())
          found->second.target = at;
      });
    return result;
  }

  /// Writes the object `target`, if there is one, with the object `patch` merged in.
  void merge(size_t target, bool has_target, size_t patch) {
    auto touched = read_touches(target, has_target, patch);
    out_ += '{';
    auto first = out_.size();
    if (has_target)
      each_member(target_, target, [&](size_t at, const member& x) {
        auto found = touched.find(plain(x));
        if (found == touched.end()) {
          write_name(x, first);
          out_ += x.value;
        } else if (found->second.target == at) {
          replace(at, found->second.patch, first);
        }
      });
    each_member(patch_, patch, [&](size_t at, const member& x) {
      auto& mine = touched.find(plain(x))->second;
      if (mine.patch == at && mine.target == none && x.value != "null") {
        write_name(x, first);
        write_new(at);
      }
    });
    out_ += '}';
  }

  /// Writes a member of the target as the patch wants it, unless that is not at all.
  void replace(size_t target, size_t patch, size_t first) {
    if (patch_[patch].value == "null")
      return;
    write_name(target_[target], first);
    if (target_[target].is_object() && patch_[patch].is_object())
      merge(target, true, patch);
    else
      write_new(patch);
  }

  /// Writes a value of the patch where the target has none to merge with.
  void write_new(size_t patch) {
    if (patch_[patch].is_object() && has_nulls(patch))
      merge(none, false, patch);
    else
      out_ += patch_[patch].value;
  }

  void write_name(const member& x, size_t first) {
    if (out_.size() > first)
      out_ += ',';
    out_.append(1, '"').append(x.name).append("\":");
  }

  std::vector<member> target_;
  std::vector<member> patch_;
  std::vector<size_t> nulls_;
  /// Names that had escapes.
  std::deque<std::string> names_;
  std::string out_;
};

/// What merging takes besides the texts; 0 if it is not much.
size_t merging_bytes(std::string_view target, std::string_view patch) {
  const auto of = [](std::string_view text, size_t bytes_a_member) {
    return text.size() > long_bytes_min ? json::count_members(text) * bytes_a_member : 0;
  };
  return of(target, sizeof(member))
         + of(patch, sizeof(member) + sizeof(size_t) + bytes_a_touch);
}

} // namespace

std::string merge_patch(std::string_view target, std::string_view patch) {
  return merger{target, patch}.run();
}

caf::expected<std::string> try_merge_patch(std::string_view target,
                                           std::string_view patch, credit charge) {
  const auto bytes = charge.bytes();
  if (const auto more = merging_bytes(target, patch); more > 0)
    if (auto err = draw_more(charge, more))
      return err;
  auto merged = merge_patch(target, patch);
  charge.try_hold(bytes);
  return merged;
}

} // namespace sluice
