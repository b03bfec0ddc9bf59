#include "app/gate/tls.hpp"

#include "actors/storage/regular_file.hpp"
#include "app/http/tls_identity.hpp"
#include "messages/error.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace sluice::gate {

namespace {

namespace ssl = boost::asio::ssl;

caf::expected<tls_context> context(const credentials& from, http::tls_end end) {
  const auto server = end == http::tls_end::server;
  auto result = std::make_shared<ssl::context>(server ? ssl::context::tls_server
                                                      : ssl::context::tls_client);
  auto* const native = result->native_handle();
  // Both ends are ours: nothing older is needed.
  SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION);
  // Who comes again shows its certificate again.
  SSL_CTX_set_num_tickets(native, 0);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_purpose(native, server ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER);
  boost::system::error_code code;
  result->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, code);
  if (auto err = check_regular(from.ca_file))
    return http::unusable(from.name + "ca-file", from.ca_file, text_of(err));
  result->load_verify_file(from.ca_file, code);
  if (code)
    return http::unusable(from.name + "ca-file", from.ca_file, code.message());
  if (auto err = http::show(*result, {from.name, from.certificate, from.key}, end))
    return err;
  return result;
}

} // namespace

caf::expected<std::unique_ptr<tls_renewal>> server_tls(const credentials& from) {
  auto result = std::make_unique<tls_renewal>(
    [from] { return context(from, http::tls_end::server); },
    std::vector<std::string>{from.ca_file, from.certificate, from.key},
    from.name + "certificate=" + from.certificate);
  if (auto err = result->start())
    return err;
  return result;
}

caf::expected<tls_context> client_context(const credentials& from) {
  return context(from, http::tls_end::client);
}

} // namespace sluice::gate
