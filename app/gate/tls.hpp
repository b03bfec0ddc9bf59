// Mutual TLS between sluicectl and the gate: both show a certificate of the same
// authority, made for that end. An authority that is used for nothing else says who may
// come in; a server's certificate opens nothing.
#pragma once

#include "app/http/tls_renewal.hpp"

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

using http::tls_context;
using http::tls_renewal;

/// For the end that is connected to, which goes on looking at its files.
/// `invalid_setting`: one is missing or cannot be used.
caf::expected<std::unique_ptr<tls_renewal>> server_tls(const credentials& from);

/// For the one that connects, likewise.
caf::expected<tls_context> client_context(const credentials& from);

} // namespace sluice::gate
