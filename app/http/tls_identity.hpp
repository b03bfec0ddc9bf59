// What one end of TLS shows of itself.
#pragma once

#include "app/http/certificate_files.hpp"

#include <boost/asio/ssl/context.hpp>

namespace sluice::http {

/// Has the context show it; `invalid_setting` if it cannot be used.
caf::error show(boost::asio::ssl::context& context, const tls_identity& who, tls_end end);

} // namespace sluice::http
