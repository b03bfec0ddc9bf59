// What one end of TLS shows of itself.
#pragma once

#include <caf/error.hpp>

#include <boost/asio/ssl/context.hpp>

#include <string>

namespace sluice::http {

/// PEM files. `name` is what they are called by whoever names them, up to their own words
/// (`http.` for `http.certificate` and `http.key`).
struct tls_identity {
  std::string name;
  std::string certificate;
  std::string key;
};

/// Has the context show it; `invalid_setting` if a file is missing or cannot be used.
caf::error show(boost::asio::ssl::context& context, const tls_identity& who);

/// Why a file cannot be used.
caf::error unusable(const std::string& setting, const std::string& file,
                    const std::string& why);

} // namespace sluice::http
