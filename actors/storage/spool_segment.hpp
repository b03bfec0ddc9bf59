// A SEGMENT of the spool: a file in memory to which records are appended. Its owner
// keeps the order of things and the locks; the segment keeps its own bytes right, so
// that a death between any two instructions leaves whole records and nothing else.
#pragma once

#include "actors/storage/spool_format.hpp"
#include "actors/storage/spool_mapping.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

/// What all segments of one spool have in common.
struct spool_identity {
  spool_format::id_bytes spool_id{};
  spool_format::id_bytes boot_id{};
  spool_format::short_text data_id{};
};

class spool_segment {
public:
  static std::string name_of(uint64_t number);

  /// Makes a new one in the directory.
  static caf::expected<std::unique_ptr<spool_segment>>
  create(int directory, const spool_identity& identity, uint64_t number, size_t bytes);

  /// Makes a spare into a segment. It keeps its pages, hence needs no room.
  static caf::expected<std::unique_ptr<spool_segment>>
  recycle(int directory, const spool_identity& identity, uint64_t number,
          spool_mapping spare);

  /// Opens one of an earlier life, to which nothing is appended.
  static caf::expected<std::unique_ptr<spool_segment>>
  adopt(int directory, const spool_identity& identity, uint64_t number);

  /// Says in the file that nothing in it is held any more; before it leaves the list, so
  /// that one that is not on the list without this was not meant to be.
  void retire();

  /// Its file, made into the spare of the directory. The segment is empty then.
  caf::expected<spool_mapping> make_spare(int directory);

  /// Appends to an adopted one after all, behind its last record; only where no other
  /// segment can be had. False: it is of another boot.
  bool resume(const spool_identity& identity);

  uint64_t number() const { return number_; }
  size_t bytes() const { return file_.size(); }
  std::string_view content() const { return file_.bytes(); }
  bool locked() const { return file_.locked(); }

  /// Whether its name still stands for its file.
  bool is_named(int directory) const {
    return file_.is_named(directory, name_of(number_));
  }

  bool is_linked() const { return file_.is_linked(); }

  /// Bytes that records may still take.
  size_t room() const { return file_.size() - used_; }

  /// Appends a record, of whose header lane, kind and numbers count. There must be room.
  void append(const spool_format::record_header& what, std::string_view data);

  /// Bytes of records here that are not written, and of those that are written and not
  /// released. Their owner counts them.
  uint64_t unwritten = 0;
  uint64_t kept = 0;

  bool is_live() const { return unwritten + kept > 0; }

private:
  spool_segment(spool_mapping file, uint64_t number, uint32_t seed)
      : file_(std::move(file)), number_(number), seed_(seed) {}

  static caf::expected<std::unique_ptr<spool_segment>>
  begin(int directory, const char* from, const spool_identity& identity, uint64_t number,
        spool_mapping file);

  spool_mapping file_;
  uint64_t number_;
  /// The sum of the spool's id, with which each record's begins.
  uint32_t seed_;
  size_t used_ = 0;
  uint64_t count_ = 0;
};

} // namespace sluice
