#include "app/http/answer_head.hpp"

#include "app/http/problem.hpp"

#include <chrono>
#include <ctime>

namespace sluice::http {

namespace {

constexpr unsigned no_content = 204;

/// The time of day as HTTP writes it, formatted once a second.
std::string_view date() {
  thread_local std::time_t second = 0;
  thread_local char text[40];
  thread_local size_t length = 0;
  if (const auto now = std::time(nullptr); now != second) {
    second = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    length = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  }
  return {text, length};
}

} // namespace

std::string answer_head(const answer& what, std::optional<caf::timespan> kept) {
  std::string text;
  text.reserve(320);
  text += "HTTP/1.1 ";
  text += std::to_string(what.status);
  text += ' ';
  text += reason(what.status);
  text += "\r\nDate: ";
  text += date();
  if (what.status != no_content) {
    text += "\r\nContent-Type: ";
    text += what.content_type;
    text += "\r\nContent-Length: ";
    text += std::to_string(what.body.size());
  }
  text += "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
  text += what.headers;
  text += kept ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
  if (kept && *kept >= std::chrono::seconds{1}) {
    text += "Keep-Alive: timeout=";
    text += std::to_string(std::chrono::floor<std::chrono::seconds>(*kept).count());
    text += "\r\n";
  }
  text += "\r\n";
  return text;
}

} // namespace sluice::http
