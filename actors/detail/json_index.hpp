// Where things stand inside JSON that was checked before: members as slices of the
// text, so that whoever takes a document apart gives back the very bytes.
//
// Text that was never checked gives a wrong list, but never a read out of bounds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::json {

/// A member of an object; or the whole text, as the first of a list.
struct member {
  /// Between the quotes, escapes as written. Empty for the whole text.
  std::string_view name;
  std::string_view value;
  /// Index of the first member behind this one and all that it contains.
  size_t after = 0;

  bool is_object() const { return value.starts_with('{'); }
};

/// Lists what `text` contains, each member before its own members. Descends into
/// objects within objects, `levels` of them; whatever is in arrays is passed over, and
/// so is a byte order mark in front.
std::vector<member> list_members(std::string_view text, size_t levels);

/// The members of one object, one after the other, whatever they hold: for texts whose
/// list would be longer than themselves. Of what is no object there are none.
class member_walk {
public:
  explicit member_walk(std::string_view text);

  /// The next one, or false behind the last. `after` says nothing.
  bool next(member& x);

private:
  std::string_view text_;
  size_t at_;
};

/// How many values there are, or a few more: arrays, objects, and what they hold.
size_t count_values(std::string_view text);

/// How many members all objects have, those in arrays too.
size_t count_members(std::string_view text);

/// The place of the first comma outside of strings and brackets that is not before `at`
/// plus `ahead`; the text's end if there is none. At `at` no string or bracket is open.
size_t next_comma(std::string_view text, size_t at, size_t ahead);

/// `part` of `text`, with the blanks around it.
std::string_view with_blanks(std::string_view text, std::string_view part);

/// A name without its escapes. Uses `space` if it has any. Half a surrogate pair becomes
/// the three bytes that UTF-8 would have for it: no other name has them.
std::string_view plain_name(std::string_view name, std::string& space);

} // namespace sluice::json
