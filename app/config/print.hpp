// The table of keys, and one configuration, in words for people and programs.
#pragma once

#include "app/config/key.hpp"
#include "app/config/load.hpp"
#include "messages/settings.hpp"

#include <string>

namespace sluice::config {

/// What `--help` says.
std::string help_text();

/// What that of sluice-gate says.
std::string gate_help_text();

/// `conf/sluice.ini`: every key with its default, each behind a `;`.
std::string ini_text();

/// Every key with its value, and behind a `;` the layer that it comes from; a file that
/// would set the same.
std::string effective_text(const configuration& from);

/// `conf/README.md`.
std::string markdown_text();

/// The answer to `GET /v1/config`. It holds no secrets: those live in files, of which
/// only the paths are settings.
std::string json_text(const configuration& from);

/// One key of it.
setting setting_of(const key& which, const configuration& from);

/// The layer that its value comes from.
std::string source_of(const key& which, const configuration& from);

} // namespace sluice::config
