// A client that sends exactly the bytes it is told to, and reads one answer at a time.
#pragma once

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

namespace sluice::test {

struct reply {
  unsigned status = 0;
  std::string head;
  std::string body;

  bool has(const std::string& text) const { return head.find(text) != head.npos; }
};

class client {
public:
  explicit client(uint16_t port) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(AF_INET, reinterpret_cast<sockaddr*>(&where), sizeof where);
  }

  explicit client(const std::string& path) {
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::strncpy(where.sun_path, path.c_str(), sizeof where.sun_path - 1);
    connect(AF_UNIX, reinterpret_cast<sockaddr*>(&where), sizeof where);
  }

  client(client&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  ~client() { close(); }

  void close() {
    if (fd_ >= 0)
      ::close(fd_);
    fd_ = -1;
  }

  /// Leaves so that the server sees it at once.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

  /// Says no more, and listens.
  void fall_silent() { ::shutdown(fd_, SHUT_WR); }

  /// Returns false if the server took no more.
  bool send(const std::string& text) {
    for (size_t sent = 0; sent < text.size();) {
      auto n = ::send(fd_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (n <= 0)
        return false;
      sent += static_cast<size_t>(n);
    }
    return true;
  }

  /// Reads one answer; status 0 if the connection ended instead.
  reply read(bool without_body = false) {
    size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == buffer_.npos)
      if (!fill())
        return {};
    reply result;
    result.head = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    result.status = static_cast<unsigned>(std::atoi(result.head.c_str() + 9));
    auto field = result.head.find("Content-Length: ");
    auto length = field == result.head.npos || without_body
                    ? 0
                    : std::strtoul(result.head.c_str() + field + 16, nullptr, 10);
    while (buffer_.size() < length)
      if (!fill())
        throw std::runtime_error("the answer's body ended early");
    result.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return result;
  }

  reply ask(const std::string& text) {
    send(text);
    return read();
  }

  /// Whether the server has ended the connection, and sent nothing more.
  bool ended() { return buffer_.empty() && !fill(); }

private:
  void connect(int family, const sockaddr* where, socklen_t size) {
    fd_ = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    timeval patience{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (::connect(fd_, where, size) != 0)
      throw std::runtime_error(std::string{"cannot connect: "} + std::strerror(errno));
  }

  bool fill() {
    char bytes[65536];
    auto n = ::recv(fd_, bytes, sizeof bytes, 0);
    if (n > 0)
      buffer_.append(bytes, static_cast<size_t>(n));
    return n > 0;
  }

  int fd_ = -1;
  std::string buffer_;
};

/// A whole request; `fields` are more header lines, each ended by CR LF.
inline std::string request(const std::string& line, const std::string& body = {},
                           const std::string& fields = {}) {
  auto text = line + " HTTP/1.1\r\nHost: localhost\r\n" + fields;
  if (!body.empty())
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + body;
}

inline std::string post_lines(const std::string& log, const std::string& lines) {
  return request("POST /v1/logs/" + log, lines, "Content-Type: text/plain\r\n");
}

inline std::string post_json(const std::string& line, const std::string& body) {
  return request(line, body, "Content-Type: application/json\r\n");
}

} // namespace sluice::test
