#include "app/http/tls.hpp"

#include "app/http/tls_identity.hpp"

#include <openssl/ssl.h>

#include <utility>

namespace sluice::http {

namespace {

namespace ssl = boost::asio::ssl;

caf::expected<tls_context> make_context(const tls_identity& who) {
  auto result = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(result->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(result->native_handle(),
                      SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  if (auto err = show(*result, who, tls_end::server))
    return err;
  return result;
}

} // namespace

caf::expected<std::unique_ptr<tls_renewal>> load_tls(const http_settings& config) {
  if (config.certificate.empty() && config.key.empty())
    return std::unique_ptr<tls_renewal>{};
  if (config.certificate.empty() || config.key.empty())
    return unusable(config.key.empty() ? "http.key" : "http.certificate", "",
                    "certificate and key are needed together");
  const tls_identity who{"http.", config.certificate, config.key};
  auto result =
    std::make_unique<tls_renewal>([who] { return make_context(who); },
                                  std::vector<std::string>{who.certificate, who.key},
                                  "http.certificate=" + who.certificate);
  if (auto err = result->start())
    return err;
  return result;
}

} // namespace sluice::http
