#include "app/websocket/handshake.hpp"

#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/websocket/detail/pmd_extension.hpp>

#include <algorithm>
#include <string>

namespace sluice::websocket {

namespace {

namespace beast_http = boost::beast::http;
using beast_http::field;
using boost::beast::websocket::detail::pmd_offer;

/// In bits; zlib's own smallest is one more.
constexpr int window_too_small = 8;
constexpr int window_largest = 15;

/// What Beast makes of an offer. It is asked in its own words, for it tells nobody before
/// it answers.
pmd_offer read_offer(const beast_http::fields& from) {
  pmd_offer offer;
  boost::beast::websocket::detail::pmd_read(offer, from);
  return offer;
}

bool can_be_kept(const std::string& extension) {
  beast_http::fields alone;
  alone.set(field::sec_websocket_extensions, extension);
  const auto offer = read_offer(alone);
  return offer.accept && offer.server_max_window_bits != window_too_small;
}

/// Takes the first item off a list; a comma within quotes belongs to its item. Beast's
/// own reader of lists would take an item's parameters for those of the next.
std::string_view take_item(std::string_view& list) {
  bool quoted = false;
  size_t length = 0;
  for (; length < list.size() && (quoted || list[length] != ','); ++length)
    if (list[length] == '"')
      quoted = !quoted;
    else if (list[length] == '\\' && quoted)
      ++length;
  const auto item = list.substr(0, length);
  list.remove_prefix(std::min(length + 1, list.size()));
  return item;
}

std::string fitting_offer(const upgrade_request& x) {
  const auto offered = x[field::sec_websocket_extensions];
  for (std::string_view rest{offered.data(), offered.size()}; !rest.empty();)
    if (std::string item{take_item(rest)}; can_be_kept(item))
      return item;
  return {};
}

} // namespace

std::string_view chosen_protocol(const upgrade_request& x) {
  const auto offered = x[field::sec_websocket_protocol];
  for (auto each : beast_http::token_list{offered})
    for (auto ours : {batch_protocol, plain_protocol})
      if (std::string_view{each.data(), each.size()} == ours)
        return ours;
  return {};
}

void keep_fitting_offer(upgrade_request& x) {
  const auto offer = fitting_offer(x);
  x.erase(field::sec_websocket_extensions);
  if (!offer.empty())
    x.set(field::sec_websocket_extensions, offer);
}

bool takes_deflated_pages(const upgrade_request& x) {
  const auto offer = read_offer(x);
  return offer.accept
         && (offer.server_max_window_bits == 0
             || offer.server_max_window_bits == window_largest);
}

boost::beast::websocket::permessage_deflate deflate_options(bool wanted) {
  boost::beast::websocket::permessage_deflate options;
  options.server_enable = wanted;
  // Frames are deflated once for all clients, so none may depend on the one before. What
  // Beast itself would deflate with is never used, and made small.
  options.server_no_context_takeover = true;
  options.client_no_context_takeover = true;
  options.memLevel = 1;
  return options;
}

} // namespace sluice::websocket
