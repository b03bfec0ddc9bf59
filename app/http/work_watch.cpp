#include "app/http/work_watch.hpp"

#include "app/http/connection.hpp"

#include <chrono>
#include <exception>

namespace sluice::http {

namespace {

constexpr auto pause = std::chrono::seconds{1};

} // namespace

void work_watch::begin() {
  if (running_)
    return;
  try {
    timer_.expires_after(pause);
    timer_.async_wait([this](boost::system::error_code code) {
      running_ = false;
      if (!code)
        look();
    });
    running_ = true;
  } catch (const std::exception&) {
    // There was no memory: the next one that begins tries again.
  }
}

/// Where there is no memory for a look, there is one more after the pause.
void work_watch::look() {
  bool is_any_left = false;
  try {
    for (const auto* among : all_) {
      // Whom one looks at may leave.
      const auto all = among->busy();
      for (const auto& x : all)
        x.who->look_after(places::clock::now() - x.since);
      is_any_left = is_any_left || !among->busy().empty();
    }
  } catch (const std::exception&) {
    is_any_left = true;
  }
  if (is_any_left)
    begin();
}

} // namespace sluice::http
