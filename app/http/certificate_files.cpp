#include "app/http/certificate_files.hpp"

#include "actors/storage/regular_file.hpp"
#include "messages/error.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sluice::http {

namespace {

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free>>;

constexpr size_t file_bytes_max = 1'048'576;

constexpr auto wrong_order =
  "its certificates are in the wrong order: first comes the one that the key belongs to, "
  "then the one that issued it, and so on";
constexpr auto encrypted =
  "it is encrypted, and nobody is asked for a passphrase: keep it without one, readable "
  "by this user alone (openssl pkey -in OLD -out NEW)";

/// What OpenSSL calls for a passphrase; `asked` is a bool.
int refuse_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

caf::error in_words(std::string why) {
  return caf::make_error(ec::invalid_setting, std::move(why));
}

/// The whole file, or in words why not. A link may lead elsewhere, as those of certbot
/// do.
caf::expected<std::string> read_file(const std::string& path) {
  auto text = read_regular(path, {file_bytes_max, true});
  if (!text)
    return in_words(text_of(text.error()));
  if (!*text)
    return in_words(std::strerror(ENOENT));
  return std::move(**text);
}

bio_ptr reader_of(const std::string& text) {
  ERR_clear_error();
  return bio_ptr{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

/// Whether nothing more in PEM form was there.
bool is_at_end() {
  return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

/// Why what is there was not read.
caf::error why_unread(bool asked) {
  return in_words(asked ? encrypted : "it is damaged or cut off (" + tls_reason() + ')');
}

caf::expected<certificate_chain> read_chain(const std::string& path) {
  const auto text = read_file(path);
  if (!text)
    return text.error();
  const auto from = reader_of(*text);
  certificate_chain result;
  bool asked = false;
  while (auto* each =
           PEM_read_bio_X509_AUX(from.get(), nullptr, refuse_passphrase, &asked))
    result.emplace_back(each);
  if (asked || !is_at_end())
    return why_unread(asked);
  if (result.empty())
    return in_words("it holds no certificate in PEM form");
  return result;
}

caf::expected<key_ptr> read_key(const std::string& path) {
  const auto text = read_file(path);
  if (!text)
    return text.error();
  const auto from = reader_of(*text);
  bool asked = false;
  key_ptr result{PEM_read_bio_PrivateKey(from.get(), nullptr, refuse_passphrase, &asked)};
  if (result)
    return result;
  if (!asked && text->find("PRIVATE KEY-----") == std::string::npos)
    return in_words("it holds no private key in PEM form");
  return why_unread(asked);
}

bool belongs(const key_ptr& key, const certificate_ptr& to) {
  const auto result = X509_check_private_key(to.get(), key.get()) == 1;
  ERR_clear_error();
  return result;
}

/// Whether one stands behind another that it did not issue, while the issuer is there.
bool is_out_of_order(const certificate_chain& chain) {
  for (size_t i = 1; i < chain.size(); ++i) {
    const auto& issued = chain[i - 1];
    if (is_issued_by(issued, chain[i]))
      continue;
    if (std::any_of(chain.begin(), chain.end(), [&](const certificate_ptr& x) {
          return &x != &issued && is_issued_by(issued, x);
        }))
      return true;
  }
  return false;
}

/// Why it must not be shown at that end, or nothing.
std::string wrong_purpose(X509* shown, tls_end end) {
  const auto server = end == tls_end::server;
  if (X509_check_purpose(shown,
                         server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT, 0)
      == 1)
    return {};
  const std::string role = server ? "server" : "client";
  const auto flags = X509_get_extension_flags(shown);
  const auto needed = server ? XKU_SSL_SERVER : XKU_SSL_CLIENT;
  if ((flags & EXFLAG_XKUSAGE) != 0 && (X509_get_extended_key_usage(shown) & needed) == 0)
    return "it is not made for a " + role + ": its extended key usage lacks " + role
           + "Auth";
  if ((flags & EXFLAG_CA) != 0)
    return "it is an authority's, which issues others: take one that was issued for this "
           + role;
  return "it is not made for a " + role + ": its key usage allows no TLS";
}

} // namespace

caf::expected<certified> read_identity(const tls_identity& who, tls_end end) {
  const auto bad_certificate = [&who](const std::string& why) {
    return unusable(who.name + "certificate", who.certificate, why);
  };
  const auto bad_key = [&who](const std::string& why) {
    return unusable(who.name + "key", who.key, why);
  };
  auto chain = read_chain(who.certificate);
  if (!chain)
    return bad_certificate(text_of(chain.error()));
  auto key = read_key(who.key);
  if (!key)
    return bad_key(text_of(key.error()));
  const auto its = std::find_if(chain->begin(), chain->end(),
                                [&](const auto& each) { return belongs(*key, each); });
  if (its == chain->end())
    return bad_key("it does not belong to the certificate");
  if (auto err = check_private(who.key))
    return bad_key(text_of(err));
  if (its != chain->begin() || is_out_of_order(*chain))
    return bad_certificate(wrong_order);
  if (const auto wrong = wrong_purpose(chain->front().get(), end); !wrong.empty())
    return bad_certificate(wrong);
  return certified{std::move(*chain), std::move(*key)};
}

bool is_issued_by(const certificate_ptr& one, const certificate_ptr& other) {
  return X509_check_issued(other.get(), one.get()) == X509_V_OK;
}

caf::error unusable(const std::string& setting, const std::string& file,
                    const std::string& why) {
  return caf::make_error(ec::invalid_setting,
                         setting + "=" + file + " cannot be used: " + why);
}

std::string tls_reason() {
  const auto* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason ? reason : "unknown reason";
}

} // namespace sluice::http
