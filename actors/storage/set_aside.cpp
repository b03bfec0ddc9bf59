#include "actors/storage/set_aside.hpp"

#include "actors/storage/sync_token.hpp"

namespace sluice {

namespace {

std::string hex(const std::string& bytes) {
  constexpr auto digits = "0123456789abcdef";
  std::string result;
  result.reserve(2 * bytes.size());
  for (auto x : bytes) {
    result += digits[static_cast<unsigned char>(x) >> 4];
    result += digits[x & 15];
  }
  return result;
}

} // namespace

caf::error set_aside(const std::string& directory, const std::string& kind,
                     const std::string& name, const spool_record& record,
                     const std::string& reason, file_rights rights) {
  auto file = append_file::open(directory, set_aside_name, rights);
  if (!file)
    return std::move(file.error());
  // A death may have left half a line.
  io_counts unused;
  if (auto ready = (*file)->make_ready(unused); !ready)
    return std::move(ready.error());
  // Neither a name nor a reason holds anything that JSON would escape.
  auto line = "{\"" + kind + R"(":")" + name + R"(","lastSeq":)"
              + std::to_string(record.last_seq) + R"(,"count":)"
              + std::to_string(record.count) + R"(,"reason":")" + reason + R"(","data":")"
              + hex(record.data) + "\"}\n";
  if (auto done = (*file)->append(line); done.problem)
    return done.problem;
  return sync_token{std::move(*file)}.run_here();
}

} // namespace sluice
