#include "app/introspection/peer_check.hpp"

#include "app/introspection/wire.hpp"
#include "messages/introspection.hpp"

#include <caf/binary_serializer.hpp>
#include <caf/io/basp/header.hpp>
#include <caf/message.hpp>
#include <caf/message_id.hpp>
#include <caf/node_id.hpp>

#include <algorithm>
#include <utility>

namespace sluice::wire {

namespace {

using caf::io::basp::message_type;

/// Where a header announces its payload.
constexpr size_t payload_size_at = 4;
constexpr size_t payload_size_bytes = 4;

template <class... Ts>
std::string bytes_of(caf::actor_system& sys, Ts&&... xs) {
  caf::binary_serializer::container_type buffer;
  caf::binary_serializer sink{sys, buffer};
  // Into memory, and of types that are registered.
  static_cast<void>(sink(xs...));
  return {reinterpret_cast<const char*>(buffer.data()), buffer.size()};
}

/// How a request begins: the actors that it goes through (none), the types that it is of,
/// and its atom. A request is known by these, so `xs` may be any.
template <class Atom, class... Ts>
std::string opening(caf::actor_system& sys, Atom what, Ts... xs) {
  std::vector<caf::strong_actor_ptr> stages;
  auto content = caf::make_message(what, xs...);
  auto result = bytes_of(sys, stages, content);
  if constexpr (sizeof...(Ts) > 0)
    result.resize(result.size() - bytes_of(sys, xs...).size());
  return result;
}

uint64_t number(std::string_view bytes) {
  uint64_t result = 0;
  for (auto each : bytes)
    result = result << 8 | static_cast<uint8_t>(each);
  return result;
}

/// A question that CAF queues as such: others have their own queues, into which CAF puts
/// nothing but what it made itself.
bool asks(uint64_t data) {
  const auto id = caf::make_message_id(data);
  return id.is_request() && !id.is_answered()
         && (id.category() == caf::message_id::normal_message_category
             || id.category() == caf::message_id::urgent_message_category);
}

} // namespace

served serve(caf::actor_system& sys, uint64_t actor) {
  auto node = sys.node();
  const auto put = opening(sys, atom::put_v, std::string{}, std::string{}, std::string{});
  return {actor,
          bytes_of(sys, node),
          {opening(sys, atom::survey_v), opening(sys, atom::actors_v, true),
           opening(sys, atom::logs_v), opening(sys, atom::stores_v),
           opening(sys, atom::database_v), opening(sys, atom::clients_v),
           opening(sys, atom::snapshot_v), opening(sys, atom::history_v),
           opening(sys, atom::ledger_v), opening(sys, atom::flush_v, flush_target::all),
           opening(sys, atom::checkpoint_v, checkpoint_mode::passive),
           opening(sys, atom::get_v, std::string{}), put,
           opening(sys, atom::restart_v, std::string{}),
           opening(sys, atom::confirm_v, std::string{})},
          put};
}

peer_check::peer_check(served what) : served_(std::move(what)) {
  // nop
}

void peer_check::announce(std::string& header, size_t payload_bytes) {
  for (size_t i = 0; i < payload_size_bytes; ++i)
    header[payload_size_at + i] =
      static_cast<char>(payload_bytes >> 8 * (payload_size_bytes - 1 - i));
}

verdict peer_check::header(std::string_view bytes) {
  header_.operation = static_cast<uint8_t>(bytes[0]);
  header_.flags = static_cast<uint8_t>(bytes[3]);
  header_.payload_bytes = number(bytes.substr(payload_size_at, payload_size_bytes));
  header_.data = number(bytes.substr(8, 8));
  header_.source = number(bytes.substr(16, 8));
  header_.target = number(bytes.substr(24, 8));
  if (header_.payload_bytes > request_bytes_max)
    return verdict::close;
  const auto what = static_cast<message_type>(header_.operation);
  if (what == message_type::heartbeat)
    return header_.payload_bytes == 0 ? verdict::drop : verdict::close;
  if (header_.payload_bytes == 0)
    return verdict::close;
  if (what == message_type::client_handshake)
    return peer_.empty() || !confirmed_ ? verdict::pass : verdict::close;
  const auto known = what == message_type::direct_message
                     || what == message_type::monitor_message
                     || what == message_type::down_message;
  return known && !peer_.empty() ? verdict::pass : verdict::close;
}

verdict peer_check::message(std::string_view payload, clock::time_point now) {
  switch (static_cast<message_type>(header_.operation)) {
    case message_type::client_handshake:
      return introduction(payload);
    case message_type::direct_message:
      return request(payload, now);
    case message_type::monitor_message:
      return monitor(payload);
    default:
      // Who outside has ended concerns nobody in here.
      return verdict::drop;
  }
}

/// A process of the same kind as this one, and another. CAF's clients say once more that
/// it is this connection that they have chosen.
verdict peer_check::introduction(std::string_view payload) {
  constexpr size_t kind_bytes = 8;
  if (header_.source != 0 || header_.target != 0)
    return verdict::close;
  if (!peer_.empty()) {
    confirmed_ = true;
    const auto same =
      header_.flags == caf::io::basp::header::select_connection_flag && payload == peer_;
    return same ? verdict::pass : verdict::close;
  }
  if (header_.flags != 0)
    return verdict::close;
  if (payload.size() != served_.node.size() || payload == served_.node
      || payload.substr(0, kind_bytes) != served_.node.substr(0, kind_bytes))
    return verdict::close;
  peer_ = payload;
  return verdict::pass;
}

verdict peer_check::request(std::string_view payload, clock::time_point now) {
  // A client of CAF's asks for its servers of names and of spawns by itself.
  if (!requests_.take(now))
    return verdict::close;
  if (header_.flags != 0 || header_.target != served_.actor || header_.source == 0
      || !asks(header_.data))
    return verdict::drop;
  if (std::none_of(served_.openings.begin(), served_.openings.end(),
                   [payload](const auto& known) { return payload.starts_with(known); }))
    return verdict::drop;
  sources_.insert(header_.source);
  return sources_.size() > sources_max ? verdict::close : verdict::pass;
}

/// Whoever asks may know when the introspection ends.
verdict peer_check::monitor(std::string_view payload) const {
  const auto about_it =
    header_.target == served_.actor && payload == peer_ + served_.node;
  return about_it ? verdict::pass : verdict::drop;
}

} // namespace sluice::wire
