#include "app/http/tls.hpp"

#include "messages/error.hpp"

#include <openssl/ssl.h>

namespace sluice::http {

namespace {

namespace ssl = boost::asio::ssl;

caf::error invalid(const std::string& key, const std::string& value,
                   const std::string& why) {
  return caf::make_error(ec::invalid_setting,
                         key + "=" + value + " cannot be used: " + why);
}

} // namespace

caf::expected<std::shared_ptr<ssl::context>> load_tls(const http_settings& config) {
  if (config.certificate.empty() && config.key.empty())
    return std::shared_ptr<ssl::context>{};
  if (config.certificate.empty() || config.key.empty())
    return invalid(config.key.empty() ? "http.key" : "http.certificate", "",
                   "certificate and key are needed together");
  auto result = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(result->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(result->native_handle(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  boost::system::error_code code;
  result->use_certificate_chain_file(config.certificate, code);
  if (code)
    return invalid("http.certificate", config.certificate, code.message());
  result->use_private_key_file(config.key, ssl::context::pem, code);
  if (code)
    return invalid("http.key", config.key, code.message());
  if (SSL_CTX_check_private_key(result->native_handle()) != 1)
    return invalid("http.key", config.key, "it does not belong to the certificate");
  return result;
}

} // namespace sluice::http
