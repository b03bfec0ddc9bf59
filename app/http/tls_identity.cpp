#include "app/http/tls_identity.hpp"

#include <openssl/ssl.h>

namespace sluice::http {

caf::error show(boost::asio::ssl::context& context, const tls_identity& who,
                tls_end end) {
  auto read = read_identity(who, end);
  if (!read)
    return std::move(read.error());
  auto* const native = context.native_handle();
  const auto& chain = read->chain;
  auto taken = SSL_CTX_use_certificate(native, chain.front().get()) == 1;
  for (size_t i = 1; taken && i < chain.size(); ++i)
    taken = SSL_CTX_add1_chain_cert(native, chain[i].get()) == 1;
  if (!taken)
    return unusable(who.name + "certificate", who.certificate, tls_reason());
  if (SSL_CTX_use_PrivateKey(native, read->key.get()) != 1)
    return unusable(who.name + "key", who.key, tls_reason());
  return caf::none;
}

} // namespace sluice::http
