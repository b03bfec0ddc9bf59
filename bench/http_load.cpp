// The loads that `bench/run` puts on `sluiced` over HTTP.
#include "bench/http_client.hpp"
#include "bench/workload.hpp"

#include <cmath>
#include <cstdio>
#include <exception>
#include <map>

namespace {

using namespace sluice::bench;

using make_request = std::string (*)(uint64_t);

std::string post_lines(uint64_t) {
  static const auto request =
    http_request("POST", "/v1/logs/bench", "text/plain", log_lines(lines_per_chunk));
  return request;
}

std::string post_line(uint64_t) {
  return http_request("POST", "/v1/logs/bench", "text/plain", log_line());
}

std::string post_line_to_disk(uint64_t) {
  return http_request("POST", "/v1/logs/bench?durability=disk", "text/plain", log_line());
}

std::string insert_at(const std::string& target, uint64_t number) {
  auto body = std::string{R"({"sql":")"} + insert_row + R"(","params":[")"
              + row_body(number) + R"("]})";
  return http_request("POST", target, "application/json", body);
}

std::string post_insert(uint64_t number) {
  return insert_at("/v1/db/execute", number);
}

std::string queue_insert(uint64_t number) {
  return insert_at("/v1/db/execute?queue=true", number);
}

std::string put_session(uint64_t update) {
  auto session = updated_session(update);
  return http_request("PUT", "/v1/sessions/bench/" + session_key(session),
                      "application/json", session_document(session, update + 1));
}

/// Before the updates: every document once.
std::string put_first_session(uint64_t session) {
  return http_request("PUT", "/v1/sessions/bench/" + session_key(session),
                      "application/json", session_document(session, 0));
}

const std::map<std::string, make_request> loads = {{"lines", post_lines},
                                                   {"line", post_line},
                                                   {"line-to-disk", post_line_to_disk},
                                                   {"inserts", post_insert},
                                                   {"queued-inserts", queue_insert},
                                                   {"sessions", put_session},
                                                   {"first-sessions", put_first_session}};

int usage(const char* program) {
  std::fprintf(stderr,
               "usage: %s LOAD ADDRESS CONNECTIONS REQUESTS RATE, LOAD one of:", program);
  for (const auto& [name, unused] : loads)
    std::fprintf(stderr, " %s", name.c_str());
  std::fputs("\n", stderr);
  return 2;
}

} // namespace

int main(int argc, char** argv) {
  auto found = argc == 6 ? loads.find(argv[1]) : loads.end();
  if (found == loads.end())
    return usage(argv[0]);
  try {
    http_load load;
    load.address = argv[2];
    load.connections = std::stoull(argv[3]);
    load.requests = std::stoull(argv[4]);
    load.rate = std::stod(argv[5]);
    load.make = found->second;
    if (load.rate > 0)
      load.limit +=
        std::chrono::seconds{std::lround(static_cast<double>(load.requests) / load.rate)};
    auto outcome = run(load);
    std::printf("{\"accepted\": %ju, \"refused\": %ju, \"wall_ns\": %jd}\n",
                uintmax_t{outcome.accepted}, uintmax_t{outcome.refused},
                intmax_t{outcome.wall.count()});
    return 0;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s %s: %s\n", argv[0], argv[1], problem.what());
    return 1;
  }
}
