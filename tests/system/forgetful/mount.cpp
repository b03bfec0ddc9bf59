#include "tests/system/forgetful/mount.hpp"

#include <poll.h>

#include <stdexcept>

namespace forgetful {

namespace {

// A sync that takes its time keeps a thread.
constexpr unsigned threads_max = 64;
constexpr int unmount_milliseconds_max = 200;

void serve(fuse_session* session) {
  auto* config = fuse_loop_cfg_create();
  fuse_loop_cfg_set_max_threads(config, threads_max);
  fuse_session_loop_mt(session, config);
  fuse_loop_cfg_destroy(config);
}

} // namespace

mount::mount(file_system& what, const std::string& where) {
  std::string program = "forgetful";
  std::string option = "-ofsname=forgetful";
  char* words[] = {program.data(), option.data(), nullptr};
  fuse_args arguments = FUSE_ARGS_INIT(2, words);
  session_ = fuse_session_new(&arguments, &operations, sizeof operations, &what);
  fuse_opt_free_args(&arguments);
  if (session_ == nullptr)
    throw std::runtime_error("no FUSE session");
  if (fuse_session_mount(session_, where.c_str()) != 0) {
    fuse_session_destroy(session_);
    throw std::runtime_error("cannot mount at " + where);
  }
  server_ = std::thread(serve, session_);
}

mount::~mount() {
  // Who unmounted it a moment ago need not have it unmounted again.
  pollfd device{fuse_session_fd(session_), 0, 0};
  poll(&device, 1, unmount_milliseconds_max);
  fuse_session_exit(session_);
  fuse_session_unmount(session_);
  server_.join();
  fuse_session_destroy(session_);
}

} // namespace forgetful
