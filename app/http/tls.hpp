// The certificate and the key, and what TLS may be.
#pragma once

#include "app/config/settings.hpp"

#include <caf/expected.hpp>

#include <boost/asio/ssl/context.hpp>

#include <memory>

namespace sluice::http {

/// Loads what the settings name; null if they name nothing, `invalid_setting` if it
/// cannot be used.
caf::expected<std::shared_ptr<boost::asio::ssl::context>>
load_tls(const http_settings& config);

} // namespace sluice::http
