// What is to be a file, and may be something else.
#define CAF_SUITE regular_file

#include "actors/storage/regular_file.hpp"
#include "messages/error.hpp"
#include "tests/temp_dir.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <filesystem>
#include <string>

#include <caf/test/dsl.hpp>

namespace {

using namespace sluice;
namespace fs = std::filesystem;

struct fixture {
  std::string refusal(int flags = O_RDONLY | O_NOFOLLOW) {
    auto file = open_regular(path, flags, 0600);
    return file ? "" : text_of(file.error());
  }

  void check_refused(const std::string& kind) {
    for (auto flags : {O_RDONLY | O_NOFOLLOW, O_RDWR | O_CREAT | O_NOFOLLOW,
                       O_WRONLY | O_APPEND | O_NOFOLLOW})
      CAF_CHECK_EQUAL(refusal(flags),
                      path + " is " + kind
                        + ", no file: move it away, a regular file is to be there");
    fs::remove(path);
  }

  test::temp_dir dir;
  std::string path = dir / "x";
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(regular_file_tests, fixture)

CAF_TEST(what is no regular file is refused by what it is) {
  ::mkfifo(path.c_str(), 0600);
  check_refused("a FIFO");
  fs::create_directory(path);
  check_refused("a directory");
  fs::create_symlink("/dev/zero", path);
  check_refused("a symbolic link");
  sockaddr_un address{AF_UNIX, {}};
  path.copy(address.sun_path, path.size());
  unique_fd socket{::socket(AF_UNIX, SOCK_STREAM, 0)};
  ::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  check_refused("a socket");
  CAF_CHECK_EQUAL(
    text_of(open_regular("/dev/zero", O_RDONLY).error()),
    "/dev/zero is a device, no file: move it away, a regular file is to be there");
}

CAF_TEST(nothing there is an empty descriptor unless it is to be made) {
  CAF_CHECK(!*open_regular(path, O_RDONLY));
  CAF_CHECK(!fs::exists(path));
  CAF_CHECK(*open_regular(path, O_RDWR | O_CREAT, 0600));
  CAF_CHECK(*open_regular(path, O_RDONLY));
  CAF_CHECK(open_regular(path, O_RDWR | O_CREAT | O_EXCL, 0600).error()
            == ec::disk_failed);
  CAF_CHECK(open_regular(path + "/y", O_RDONLY).error() == ec::disk_failed);
}

CAF_TEST(a link is followed where that is allowed and looked at there) {
  test::write_file(dir / "file", "text");
  fs::create_symlink(dir / "file", path);
  CAF_CHECK(!read_regular(path));
  CAF_CHECK_EQUAL(read_regular(path, {100, true})->value_or(""), "text");
  CAF_CHECK(!check_regular(path));
  fs::remove(path);
  fs::create_symlink("/dev/zero", path);
  CAF_CHECK(!read_regular(path, {100, true}));
  CAF_CHECK(check_regular(path) == ec::disk_failed);
}

CAF_TEST(no more is read than may be) {
  test::write_file(path, std::string(100, 'x'));
  CAF_CHECK_EQUAL((**read_regular(path, {100})).size(), 100u);
  CAF_CHECK_NOT_EQUAL(text_of(read_regular(path, {99}).error()).find("longer than 99"),
                      std::string::npos);
  CAF_CHECK(*read_regular(dir / "none") == std::nullopt);
}

CAF_TEST(a secret that everybody may read is refused with the way out) {
  test::write_file(path, "text");
  for (auto mode : {0604, 0602, 0666}) {
    ::chmod(path.c_str(), static_cast<mode_t>(mode));
    CAF_CHECK_NOT_EQUAL(text_of(check_private(path)).find("chmod o-rwx " + path),
                        std::string::npos);
  }
  ::chmod(path.c_str(), 0640);
  CAF_CHECK(!check_private(path));
}

CAF_TEST_FIXTURE_SCOPE_END()
