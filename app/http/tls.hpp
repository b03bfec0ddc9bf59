// The certificate and the key, and what TLS may be.
#pragma once

#include "app/config/settings.hpp"
#include "app/http/tls_renewal.hpp"

#include <memory>

namespace sluice::http {

/// Loads what the settings name, and goes on looking at it; null if they name nothing,
/// `invalid_setting` if it cannot be used.
caf::expected<std::unique_ptr<tls_renewal>> load_tls(const http_settings& config);

} // namespace sluice::http
