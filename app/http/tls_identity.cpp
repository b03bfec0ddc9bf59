#include "app/http/tls_identity.hpp"

#include "messages/error.hpp"

#include <openssl/ssl.h>

namespace sluice::http {

caf::error show(boost::asio::ssl::context& context, const tls_identity& who) {
  boost::system::error_code code;
  context.use_certificate_chain_file(who.certificate, code);
  if (code)
    return unusable(who.name + "certificate", who.certificate, code.message());
  context.use_private_key_file(who.key, boost::asio::ssl::context::pem, code);
  if (code)
    return unusable(who.name + "key", who.key, code.message());
  if (SSL_CTX_check_private_key(context.native_handle()) != 1)
    return unusable(who.name + "key", who.key, "it does not belong to the certificate");
  return caf::none;
}

caf::error unusable(const std::string& setting, const std::string& file,
                    const std::string& why) {
  return caf::make_error(ec::invalid_setting,
                         setting + "=" + file + " cannot be used: " + why);
}

} // namespace sluice::http
