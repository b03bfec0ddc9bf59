#include "app/log.hpp"

#include "actors/storage/regular_file.hpp"
#include "app/line_limits.hpp"
#include "app/line_queue.hpp"
#include "app/printable.hpp"
#include "app/standard_streams.hpp"
#include "messages/error.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

// Some ten thousand lines.
constexpr size_t waiting_bytes_max = size_t{1} << 20;
// The end of the process waits no longer for a reader.
constexpr auto end_patience = std::chrono::seconds{1};
constexpr const char* pattern = "%Y-%m-%dT%H:%M:%S.%e%z %l %v";

std::string line_of(spdlog::formatter& words, const spdlog::details::log_msg& what) {
  spdlog::memory_buf_t line;
  words.format(what, line);
  return {line.data(), line.size()};
}

std::string loss_line(spdlog::formatter& words, uint64_t lost) {
  const auto text = fmt::format("log-lines-lost {} lines were lost: standard error did "
                                "not take them",
                                lost);
  return line_of(words, {"sluice", spdlog::level::warn, text});
}

std::string held_back_line(std::string_view kind, uint64_t lines) {
  spdlog::pattern_formatter words{pattern};
  return line_of(words, {"sluice", spdlog::level::warn,
                         fmt::format("{} and {} more lines like this, which are not told",
                                     kind, lines)});
}

// A process has one standard error, and one log.
std::shared_ptr<line_queue> queue;
std::shared_ptr<spdlog::logger> whole;
line_limits limits{held_back_line};

class queue_sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
  queue_sink(std::shared_ptr<line_queue> to, line_limits* bound)
      : queue_(std::move(to)), limits_(bound) {}

private:
  /// Whatever a message quotes, it is one line, and no command to a terminal.
  void sink_it_(const spdlog::details::log_msg& what) override {
    const auto words = printable({what.payload.data(), what.payload.size()});
    auto told = what;
    told.payload = words;
    auto line = line_of(*formatter_, told);
    if (!limits_)
      return queue_->push(line);
    const auto kind = std::string_view{words}.substr(0, words.find(' '));
    line = limits_->pass(kind, std::move(line), line_limits::clock::now());
    if (line.empty())
      queue_->push_later([from = limits_] { return from->rest(); });
    else
      queue_->push(line);
  }

  void flush_() override {
    // nop
  }

  std::shared_ptr<line_queue> queue_;
  line_limits* limits_;
};

std::shared_ptr<spdlog::logger> make_logger(line_limits* bound) {
  auto result = std::make_shared<spdlog::logger>(
    "sluice", std::make_shared<queue_sink>(queue, bound));
  result->set_pattern(pattern);
  // What cannot be put in words is not worth a line of spdlog's own.
  result->set_error_handler([](const std::string&) {});
  return result;
}

std::string file;

bool is_same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool is_at(const std::string& path, const struct stat& what) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 && is_same(found, what);
}

// The path of the file that standard error is; none if it is gone already.
std::string path_of(const struct stat& opened) {
  std::array<char, 4096> buffer{};
  const auto length = readlink("/proc/self/fd/2", buffer.data(), buffer.size());
  std::string path(buffer.data(), static_cast<size_t>(std::max<ssize_t>(length, 0)));
  return is_at(path, opened) ? path : std::string{};
}

// A new file in place of one that was renamed or removed, for the same readers. What
// stands there instead must be a file, not a link nor a pipe.
caf::expected<unique_fd> open_anew(const std::string& path, const struct stat& before) {
  constexpr auto how = O_WRONLY | O_APPEND | O_NOFOLLOW;
  auto fresh = open_regular(path, how);
  if (!fresh || *fresh)
    return fresh;
  fresh = open_regular(path, how | O_CREAT | O_EXCL, 0600);
  if (fresh)
    fchmod(fresh->get(), before.st_mode & 0777);
  return fresh;
}

} // namespace

void open_log() {
  struct stat opened {};
  if (fstat(STDERR_FILENO, &opened) == 0 && S_ISREG(opened.st_mode)) {
    file = path_of(opened);
    // Whoever cuts the file off instead of renaming it finds no hole before our next
    // line.
    const auto flags = fcntl(STDERR_FILENO, F_GETFL);
    fcntl(STDERR_FILENO, F_SETFL, flags | O_APPEND);
  }
  auto words = std::make_shared<spdlog::pattern_formatter>(pattern);
  queue = std::make_shared<line_queue>(
    STDERR_FILENO, waiting_bytes_max,
    [words](uint64_t lost) { return loss_line(*words, lost); });
  whole = make_logger(nullptr);
  spdlog::set_default_logger(make_logger(&limits));
}

spdlog::logger& whole_log() {
  return *whole;
}

untold_lines count_untold() {
  return {queue ? queue->lost() : 0, limits.held_back()};
}

void tell(const std::string& words) {
  const auto line = printable(words) + '\n';
  if (queue)
    queue->push(line);
  else
    print_error(line);
}

void reopen_log() {
  struct stat opened {};
  if (file.empty() || fstat(STDERR_FILENO, &opened) != 0 || is_at(file, opened))
    return;
  const auto fresh = open_anew(file, opened);
  if (!fresh) {
    spdlog::warn("log-not-reopened {}", text_of(fresh.error()));
    return;
  }
  struct stat output {};
  if (fstat(STDOUT_FILENO, &output) == 0 && is_same(opened, output))
    dup2(fresh->get(), STDOUT_FILENO);
  dup2(fresh->get(), STDERR_FILENO);
  spdlog::info("log-reopened the log goes on in a new {}", file);
}

void close_log() {
  if (queue)
    queue->finish(end_patience);
}

} // namespace sluice
