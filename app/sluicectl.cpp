// The tool beside the service. It looks into a running one over its introspection socket;
// and, without one, `spool DIR` tells what a dead service left. Exit 0; 1: one line why
// not; 2: it was asked wrongly.
#include "app/ctl/commands.hpp"
#include "app/ctl/live.hpp"
#include "app/ctl/request.hpp"
#include "app/ctl/spool_command.hpp"
#include "app/gate/link.hpp"
#include "app/introspection/client.hpp"
#include "app/last_word.hpp"
#include "app/signals.hpp"
#include "app/standard_streams.hpp"
#include "messages/error.hpp"

#include <string>
#include <vector>

namespace sluice::ctl {

namespace {

int ask(wire::destination where, const request& asked) {
  wire::client service{std::move(where)};
  if (auto err = service.connect())
    return refuse(err);
  if (asked.command == "top")
    return run_top(service);
  if (asked.command == "watch")
    return run_watch(service, asked);
  return run_command(service, asked);
}

int ask_through_gate(const request& asked) {
  auto link = gate::link::make(asked.connect, asked.shown);
  if (!link) {
    refuse(link.error());
    return asked_wrongly;
  }
  return ask({asked.connect, [&link] { return (*link)->dial(); }}, asked);
}

int ask_here(const request& asked) {
  const auto path =
    asked.socket.empty() ? find_socket() : caf::expected<std::string>{asked.socket};
  if (!path)
    return refuse(path.error());
  return ask(wire::local_service(*path), asked);
}

int run(const std::vector<std::string>& arguments) {
  for (const auto& each : arguments)
    if (each == "--help" || each == "--version") {
      print(each == "--help" ? usage : "sluicectl " SLUICE_VERSION "\n");
      return done;
    }
  const auto asked = read_request(arguments);
  if (!asked) {
    if (text_of(asked.error()).empty())
      print_error(usage);
    else
      refuse(asked.error());
    return asked_wrongly;
  }
  if (asked->command == "spool")
    return tell_spool(asked->words[0], asked->json);
  return asked->connect.empty() ? ask_here(*asked) : ask_through_gate(*asked);
}

} // namespace

} // namespace sluice::ctl

int main(int argc, char** argv) {
  sluice::hold_standard_streams();
  sluice::end_with_a_word("sluicectl");
  // A service that ends is an answer, and a reader that is gone an error of `print`; not
  // the end of this process.
  sluice::ignore_signals();
  return sluice::after_printing(
    sluice::ctl::run({argv + (argc > 0 ? 1 : 0), argv + argc}));
}
