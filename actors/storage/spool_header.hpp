// The spool's HEADER file: whose the spool is, which segments there are, and how the
// starts before this one ended. Its lock keeps a second service out of the directory.
#pragma once

#include "actors/storage/spool_format.hpp"
#include "actors/storage/spool_mapping.hpp"
#include "actors/storage/spool_segment.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

/// Identities as text: 32 hex digits, or the short text itself.
std::string text_of(const spool_format::id_bytes& id);
std::string text_of(const spool_format::short_text& text);

/// The kernel's id of this boot; zeroes where it has none.
spool_format::id_bytes current_boot();

spool_format::id_bytes random_spool_id();

class spool_header {
public:
  spool_header() = default;

  /// Makes a new one with room for so many segments.
  static caf::expected<spool_header> create(int directory, const spool_identity& identity,
                                            const std::string& data_dir, size_t entries);

  /// Opens and locks the file of an earlier life; none if there is none. `unavailable`:
  /// another service holds it.
  static caf::expected<unique_fd> lock(int directory);

  /// Goes on with that file. If the data directory has another path now, the file gets
  /// that; where there is no room for a moment's second one, it keeps the old.
  static caf::expected<spool_header> adopt(int directory, unique_fd file,
                                           const std::string& data_dir, size_t entries);

  /// Reads one that is open as a file: `wrong` tells why it is none.
  struct content {
    std::string wrong;
    spool_format::header_identity identity;
    spool_format::replay_slot replay;
    std::vector<uint64_t> segments;
  };
  static content read(std::string_view file);

  bool is_named(int directory) const {
    return file_.is_named(directory, spool_format::header_name);
  }
  bool is_linked() const { return file_.is_linked(); }
  bool locked() const { return file_.locked(); }

  /// Lists a segment, and takes it off the list. Each is one store: a death leaves the
  /// list as it was, or as it is to be. False: the list is full.
  bool list(uint64_t segment);
  void unlist(uint64_t segment);

  spool_format::replay_slot replay() const { return replay_; }
  /// Replaces the replay slot; its number and checksum are made here.
  void set_replay(spool_format::replay_slot slot);

private:
  explicit spool_header(spool_mapping file) : file_(std::move(file)) {}

  bool replace_entry(uint64_t from, uint64_t to);
  void move_to(int directory, const std::string& data_dir);

  spool_mapping file_;
  spool_format::replay_slot replay_;
};

} // namespace sluice
