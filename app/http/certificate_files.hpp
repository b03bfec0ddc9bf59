// The files that one end of TLS shows itself with, read and checked here so that each
// mistake has a sentence of its own. Nobody is ever asked for a passphrase.
#pragma once

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

namespace sluice::http {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* x) const {
    Free(x);
  }
};

using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;

/// The one that is shown, and behind it those who issued it.
using certificate_chain = std::vector<certificate_ptr>;

/// PEM files. `name` is what they are called by whoever names them, up to their own words
/// (`http.` for `http.certificate` and `http.key`).
struct tls_identity {
  std::string name;
  std::string certificate;
  std::string key;
};

enum class tls_end : uint8_t { server, client };

struct certified {
  certificate_chain chain;
  key_ptr key;
};

/// Reads both, and looks whether they fit each other and that end; `invalid_setting` if
/// not.
caf::expected<certified> read_identity(const tls_identity& who, tls_end end);

/// Whether the one was issued by the other, by name and use.
bool is_issued_by(const certificate_ptr& one, const certificate_ptr& other);

/// Why a file cannot be used.
caf::error unusable(const std::string& setting, const std::string& file,
                    const std::string& why);

/// The latest reason that OpenSSL has for a failure.
std::string tls_reason();

} // namespace sluice::http
