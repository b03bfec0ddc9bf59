// `forgetful MOUNTPOINT ext4|strict`: a file system in memory that forgets in a power
// cut what no sync has covered. Commands come on standard input, a line each, and each is
// answered with a line; at its end the file system is unmounted.
//
//   freeze              the power is gone: every request fails (then unmount it)
//   remount SEED        what a disk would have kept, mounted anew
//   slow MICROSECONDS   each sync takes up to so long
//   fail-sync NAME      the next sync of a file whose name holds NAME fails, once, and
//                       what it had not synced will never reach the disk
//   room BYTES | room   so much more can be written (ENOSPC) | any amount
#include <chrono>
#include <exception>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>

#include "tests/system/forgetful/mount.hpp"

namespace forgetful {

namespace {

class program {
public:
  program(mode how, std::string where) : files_(how), where_(std::move(where)) {
    mount_.emplace(files_, where_);
  }

  void run() {
    std::cout << "mounted" << std::endl;
    for (std::string line; std::getline(std::cin, line);)
      std::cout << obey(line) << std::endl;
  }

private:
  std::string obey(const std::string& line) {
    std::istringstream words{line};
    std::string verb;
    words >> verb;
    if (verb == "freeze") {
      files_.freeze();
      return "frozen";
    }
    if (verb == "remount")
      return remount(words);
    if (verb == "slow") {
      long longest = 0;
      words >> longest;
      files_.slow_syncs(std::chrono::microseconds{longest});
      return "slow";
    }
    if (verb == "fail-sync") {
      std::string name;
      words >> name;
      files_.fail_sync(name);
      return "armed";
    }
    if (verb == "room") {
      std::size_t bytes = 0;
      auto given = static_cast<bool>(words >> bytes);
      files_.leave_room(given ? std::optional{bytes} : std::nullopt);
      return "left";
    }
    return "unknown command";
  }

  std::string remount(std::istringstream& words) {
    std::uint64_t seed = 0;
    words >> seed;
    mount_.reset();
    auto what = files_.lose(seed);
    mount_.emplace(files_, where_);
    return "mounted kept=" + std::to_string(what.kept)
           + " lost=" + std::to_string(what.lost);
  }

  file_system files_;
  std::string where_;
  std::optional<mount> mount_;
};

} // namespace

} // namespace forgetful

int main(int count, char** words) {
  std::string how = count == 3 ? words[2] : "";
  if (how != "ext4" && how != "strict") {
    std::cerr << "usage: forgetful MOUNTPOINT ext4|strict\n";
    return 2;
  }
  try {
    auto chosen = how == "ext4" ? forgetful::mode::ext4 : forgetful::mode::strict;
    forgetful::program{chosen, words[1]}.run();
  } catch (const std::exception& error) {
    std::cerr << "forgetful: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
