#include "app/ctl/terminal.hpp"

#include "app/ctl/text.hpp"
#include "app/printable.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string_view>

namespace sluice::ctl {

namespace {

constexpr std::string_view enter = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view leave = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view home = "\x1b[H";
constexpr std::string_view clear_rest_of_line = "\x1b[K";
constexpr std::string_view clear_below = "\x1b[J";

void put(std::string_view text) {
  while (!text.empty()) {
    const auto count = write(STDOUT_FILENO, text.data(), text.size());
    if (count <= 0)
      return;
    text.remove_prefix(static_cast<size_t>(count));
  }
}

void wake(int) {
  // nop: `poll` ends, and the next picture has the new size.
}

} // namespace

terminal::terminal() {
  tcgetattr(STDIN_FILENO, &before_);
  auto raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
  tcsetattr(STDIN_FILENO, TCSANOW, &raw);
  struct sigaction resized {};
  resized.sa_handler = wake;
  sigaction(SIGWINCH, &resized, nullptr);
  const auto* kind = getenv("TERM");
  colours_ = kind && std::string_view{kind} != "dumb" && !getenv("NO_COLOR");
  put(enter);
}

terminal::~terminal() {
  put(leave);
  tcsetattr(STDIN_FILENO, TCSANOW, &before_);
}

bool terminal::is_there() {
  return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

terminal::size terminal::measure() {
  winsize found{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) != 0 || found.ws_row == 0
      || found.ws_col == 0)
    return {};
  return {found.ws_row, found.ws_col};
}

void terminal::show(const std::vector<std::string>& lines) {
  const auto room = measure();
  std::string picture{home};
  for (size_t i = 0; i < lines.size() && i < room.lines; ++i) {
    if (i > 0)
      picture += "\r\n";
    const auto text = shortened(printable_text(lines[i]), room.columns);
    const auto is_head = i == 1 && colours_;
    const auto is_alert = colours_ && text.find("! ") != std::string::npos;
    picture += is_head ? "\x1b[7m" : is_alert ? "\x1b[31m" : "";
    picture += text;
    picture += is_head || is_alert ? "\x1b[0m" : "";
    picture += clear_rest_of_line;
  }
  picture += clear_below;
  put(picture);
}

std::optional<char> terminal::key(int milliseconds_max) {
  constexpr char interrupt = 3;
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (poll(&input, 1, milliseconds_max) <= 0)
    return std::nullopt;
  char result = 0;
  if (read(STDIN_FILENO, &result, 1) != 1 || result == interrupt)
    return 'q';
  return result;
}

} // namespace sluice::ctl
