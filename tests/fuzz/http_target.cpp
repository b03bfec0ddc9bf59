// Targets, names and hosts of requests.
#include "app/http/access_rules.hpp"
#include "app/http/target.hpp"
#include "tests/fuzz/fuzz.hpp"

using namespace sluice;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of_input(data, size);
  if (fuzz::take_choice(text, 2) == 0) {
    const auto where = http::parse_target(text);
    if (!where)
      return 0;
    const http::query_reader query{where->query};
    static_cast<void>(query.text("durability"));
    static_cast<void>(query.flag("queue", false));
    static_cast<void>(query.number("lines", 1, 1, 100));
    for (const auto& each : where->segments)
      if (!http::check_name(each))
        fuzz::must(!http::check_key(each), "a name is a key");
    return 0;
  }
  static const http::access_rules rules{"", "127.0.0.1", {"pi.local", "box:*"}, 3000};
  const auto [host, origin] = fuzz::in_two(text);
  const http::doorway where{"127.0.0.1", true};
  if (!rules.serves_host(host, where))
    static_cast<void>(rules.refused_host(host));
  if (!rules.serves_origin(origin, host, where))
    static_cast<void>(rules.refused_origin(origin));
  return 0;
}
