// What may pass to CAF, byte by byte.
#define CAF_SUITE peer_check

#include "app/introspection/peer_check.hpp"
#include "app/introspection/asker.hpp"
#include "app/introspection/wire.hpp"
#include "messages/introspection.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/binary_serializer.hpp>

#include <string>

#include <caf/test/dsl.hpp>

namespace {

using namespace sluice;
using wire::peer_check;
using wire::verdict;

constexpr char handshake = 1;
constexpr char request = 2;
constexpr char monitor = 4;
constexpr char down = 5;
constexpr char heartbeat = 6;
constexpr uint64_t target = 42;
constexpr uint64_t ordinary = uint64_t{1} << 60;

std::string number(uint64_t x, int bytes) {
  std::string result;
  while (bytes-- > 0)
    result += static_cast<char>(x >> 8 * bytes);
  return result;
}

std::string header(char what, size_t length, uint64_t data = 0, uint64_t source = 0,
                   uint64_t to = 0, char flags = 0) {
  return std::string{what, 0, 0, flags} + number(length, 4) + number(data, 8)
         + number(source, 8) + number(to, 8);
}

struct config : caf::actor_system_config {
  config() { wire::speak(*this); }
};

struct fixture {
  verdict say(const std::string& head, const std::string& payload) {
    const auto first = aut.header(head);
    return first == verdict::pass ? aut.message(payload, now) : first;
  }

  verdict introduce() { return say(header(handshake, other.size()), other); }

  verdict ask(const std::string& what, uint64_t data = ordinary + 1, uint64_t from = 7,
              uint64_t to = target, char flags = 0) {
    return say(header(request, what.size(), data, from, to, flags), what);
  }

  config cfg;
  caf::actor_system sys{cfg};
  wire::served offer = wire::serve(sys, target);
  std::string other = [this] {
    auto result = offer.node;
    result.back() = static_cast<char>(result.back() ^ 1);
    return result;
  }();
  peer_check aut{offer};
  peer_check::clock::time_point now = peer_check::clock::now();
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(peer_check_tests, fixture)

CAF_TEST(an empty or endless message closes) {
  CAF_CHECK(aut.header(header(handshake, 0)) == verdict::close);
  CAF_CHECK(aut.header(header(handshake, 0xfffffff0)) == verdict::close);
  CAF_CHECK(aut.header(header(handshake, wire::request_bytes_max + 1)) == verdict::close);
  CAF_CHECK(aut.header(header(handshake, wire::request_bytes_max)) == verdict::pass);
}

CAF_TEST(nothing comes before an introduction) {
  for (auto what : {request, monitor, down, char{0}, char{3}, char{99}})
    CAF_CHECK(aut.header(header(what, 8)) == verdict::close);
  CAF_CHECK(aut.header(header(heartbeat, 0)) == verdict::drop);
  CAF_CHECK(introduce() == verdict::pass);
  CAF_MESSAGE("and then it is confirmed, once");
  const auto confirmation = header(handshake, other.size(), 0, 0, 0, 2);
  CAF_CHECK(say(confirmation, other) == verdict::pass);
  CAF_CHECK(say(confirmation, other) == verdict::close);
  CAF_CHECK(introduce() == verdict::close);
}

CAF_TEST(nobody is this process or no process) {
  CAF_CHECK(say(header(handshake, offer.node.size()), offer.node) == verdict::close);
  CAF_CHECK(say(header(handshake, other.size()), std::string(other.size(), 0))
            == verdict::close);
  CAF_CHECK(say(header(handshake, 3), "abc") == verdict::close);
}

CAF_TEST(known questions pass and nothing else) {
  introduce();
  for (const auto& each : offer.openings)
    CAF_CHECK(ask(each + "whatever follows") == verdict::pass);
  CAF_CHECK(ask(offer.openings[0].substr(1)) == verdict::drop);
  CAF_CHECK(ask("") == verdict::close);
  auto changed = offer.openings[0];
  changed.back() = static_cast<char>(changed.back() ^ 1);
  CAF_CHECK(ask(changed) == verdict::drop);
}

CAF_TEST(a question is for the introspection and queued like any) {
  introduce();
  const auto& known = offer.openings[0];
  CAF_CHECK(ask(known, ordinary + 1, 7, target + 1) == verdict::drop);
  CAF_CHECK(ask(known, ordinary + 1, 7, target, 1) == verdict::drop);
  CAF_CHECK(ask(known, ordinary + 1, 0) == verdict::drop);
  CAF_MESSAGE("a message, a response, and those of streams");
  for (auto data : {ordinary, ordinary + 1 + (uint64_t{1} << 63), (uint64_t{2} << 60) + 1,
                    (uint64_t{3} << 60) + 1})
    CAF_CHECK(ask(known, data) == verdict::drop);
}

CAF_TEST(a peer asks so often and no more) {
  introduce();
  const auto& known = offer.openings[0];
  for (uint64_t i = 0; i < peer_check::requests_at_once_max; ++i)
    CAF_CHECK(ask(known) == verdict::pass);
  CAF_CHECK(ask(known) == verdict::close);
  now += std::chrono::seconds{1};
  for (uint64_t i = 0; i < peer_check::requests_per_second_max; ++i)
    CAF_CHECK(ask(known) == verdict::pass);
  CAF_CHECK(ask(known) == verdict::close);
}

CAF_TEST(a peer is so many actors and no more) {
  introduce();
  for (uint64_t i = 1; i <= peer_check::sources_max; ++i, now += std::chrono::seconds{1})
    CAF_CHECK(ask(offer.openings[0], ordinary + 1, i) == verdict::pass);
  CAF_CHECK(ask(offer.openings[0], ordinary + 1, 1000) == verdict::close);
}

CAF_TEST(only the end of the introspection can be waited for) {
  introduce();
  const auto about_it = other + offer.node;
  CAF_CHECK(say(header(monitor, about_it.size(), 0, 0, target), about_it)
            == verdict::pass);
  CAF_CHECK(say(header(monitor, about_it.size(), 0, 0, 1), about_it) == verdict::drop);
  CAF_CHECK(say(header(monitor, 8, 0, 0, target), "whatever") == verdict::drop);
  CAF_CHECK(say(header(down, 8), "whatever") == verdict::drop);
}

CAF_TEST(a request that names its asker is handed on with who it is) {
  const auto request = [this](const std::string& claim) {
    caf::binary_serializer::container_type bytes;
    caf::binary_serializer sink{sys, bytes};
    CAF_REQUIRE(!sink(std::string{"log.max-entries"}, std::string{"7"}, claim));
    return offer.naming + std::string{bytes.begin(), bytes.end()};
  };
  const auto named = [](const std::string& claim) { return "uid 0 for " + claim; };
  CAF_CHECK_EQUAL(wire::with_asker(request("me"), offer, named), request("uid 0 for me"));
  const std::string longer(300, 'x');
  CAF_CHECK_EQUAL(wire::with_asker(request(longer), offer, named),
                  request("uid 0 for " + longer));
  CAF_MESSAGE("and no other request, nor one that is cut off, is touched");
  for (const auto& each : {offer.openings[0] + "x", request("me").substr(0, 40),
                           offer.naming, offer.naming + "\xff\xff\xff\xff\x0f"})
    CAF_CHECK_EQUAL(wire::with_asker(each, offer, named), each);
}

CAF_TEST(a header announces what it is told to) {
  auto head = header(request, 5, ordinary + 1, 7, target);
  peer_check::announce(head, 0x010203);
  CAF_CHECK_EQUAL(head, header(request, 0x010203, ordinary + 1, 7, target));
}

CAF_TEST_FIXTURE_SCOPE_END()
