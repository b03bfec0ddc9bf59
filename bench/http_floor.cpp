// The least that a server of logs can do: one thread takes requests from keep-alive
// connections, appends each body to a file with a write of its own, and answers. No
// check of anything, no promise. Understands the two arguments that `bench/run` gives
// to `sluiced`, and says `ready` as it does.
#include "bench/http_message.hpp"
#include "bench/plain_file.hpp"
#include "bench/tcp_server.hpp"

#include <stdexcept>

namespace {

using namespace sluice::bench;

constexpr std::string_view answer =
  "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n"
  "{\"accepted\":\"all\"}";

struct nothing {};

void serve(const std::string& directory) {
  plain_file file{directory + "/floor.log", O_APPEND};
  tcp_server<nothing>{}.serve([&](tcp_client<nothing>& who) {
    const auto request = parse_message(who.received);
    if (request.size == 0)
      return true;
    std::string_view body{who.received.data() + request.head_size,
                          request.size - request.head_size};
    if (!body.empty())
      file.write(body);
    who.received.erase(0, request.size);
    return send_all(who.socket, answer);
  });
}

} // namespace

int main(int argc, char** argv) {
  constexpr std::string_view option = "--data-dir=";
  try {
    for (int i = 1; i < argc; ++i)
      if (std::string_view argument{argv[i]}; argument.starts_with(option)) {
        serve(std::string{argument.substr(option.size())});
        return 0;
      }
    std::fputs("usage: bench-http-floor --data-dir=DIRECTORY\n", stderr);
    return 2;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "bench-http-floor: %s\n", problem.what());
    return 1;
  }
}
