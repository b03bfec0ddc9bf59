#include "app/http/tls.hpp"

#include "app/http/tls_identity.hpp"

#include <openssl/ssl.h>

namespace sluice::http {

namespace {

namespace ssl = boost::asio::ssl;

} // namespace

caf::expected<std::shared_ptr<ssl::context>> load_tls(const http_settings& config) {
  if (config.certificate.empty() && config.key.empty())
    return std::shared_ptr<ssl::context>{};
  if (config.certificate.empty() || config.key.empty())
    return unusable(config.key.empty() ? "http.key" : "http.certificate", "",
                    "certificate and key are needed together");
  auto result = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(result->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(result->native_handle(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  if (auto err = show(*result, {"http.", config.certificate, config.key}))
    return err;
  return result;
}

} // namespace sluice::http
