// The ledger as JSON, for whoever asks over HTTP or with sluicectl.
#pragma once

#include "messages/ledger.hpp"

#include <string>

namespace sluice::http {

std::string ledger_json(const ledger_report& from);

} // namespace sluice::http
