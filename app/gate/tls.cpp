#include "app/gate/tls.hpp"

#include "messages/error.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace sluice::gate {

namespace {

namespace ssl = boost::asio::ssl;

caf::error unusable(const std::string& what, const std::string& file,
                    const std::string& why) {
  if (file.empty())
    return caf::make_error(ec::invalid_setting, what + " is not given");
  return caf::make_error(ec::invalid_setting,
                         what + " " + file + " cannot be used: " + why);
}

caf::expected<tls_context> context(const credentials& from, ssl::context::method how,
                                   int purpose_of_peer) {
  auto result = std::make_shared<ssl::context>(how);
  auto* const native = result->native_handle();
  // Both ends are ours: nothing older is needed.
  SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION);
  // Who comes again shows its certificate again.
  SSL_CTX_set_num_tickets(native, 0);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_purpose(native, purpose_of_peer);
  boost::system::error_code code;
  result->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, code);
  result->load_verify_file(from.ca_file, code);
  if (code)
    return unusable("the authority's certificate", from.ca_file, code.message());
  result->use_certificate_chain_file(from.certificate, code);
  if (code)
    return unusable("the certificate", from.certificate, code.message());
  result->use_private_key_file(from.key, ssl::context::pem, code);
  if (code)
    return unusable("the key", from.key, code.message());
  if (SSL_CTX_check_private_key(native) != 1)
    return unusable("the key", from.key, "it does not belong to the certificate");
  return result;
}

} // namespace

caf::expected<tls_context> server_context(const credentials& from) {
  return context(from, ssl::context::tls_server, X509_PURPOSE_SSL_CLIENT);
}

caf::expected<tls_context> client_context(const credentials& from) {
  return context(from, ssl::context::tls_client, X509_PURPOSE_SSL_SERVER);
}

} // namespace sluice::gate
