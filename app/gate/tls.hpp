// Mutual TLS between sluicectl and the gate: both show a certificate of the same
// authority, made for that end. An authority that is used for nothing else says who may
// come in; a server's certificate opens nothing.
#pragma once

#include <caf/expected.hpp>

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace sluice::gate {

/// PEM files. `name` is what they are called by whoever names them, up to their own words
/// (`gate.` for `gate.ca-file`).
struct credentials {
  std::string name;
  std::string ca_file;
  std::string certificate;
  std::string key;
};

using tls_context = std::shared_ptr<boost::asio::ssl::context>;

/// For the end that is connected to, and for the one that connects. `invalid_setting`:
/// a file is missing or cannot be used.
caf::expected<tls_context> server_context(const credentials& from);
caf::expected<tls_context> client_context(const credentials& from);

} // namespace sluice::gate
