// A terminal in which a program has the whole screen, until this ends.
#pragma once

#include <termios.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace sluice::ctl {

class terminal {
public:
  terminal();
  ~terminal();

  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;

  /// Whether a person sits before it.
  static bool is_there();

  struct size {
    size_t lines = 24;
    size_t columns = 80;
  };
  static size measure();

  /// Shows these, as far as they fit; the second is the head.
  void show(const std::vector<std::string>& lines);

  /// Waits for a key, so long at most. None: none, or the size has changed. 'q' stands
  /// for a terminal that is gone, too.
  std::optional<char> key(int milliseconds_max);

private:
  termios before_{};
  bool colours_ = false;
};

} // namespace sluice::ctl
