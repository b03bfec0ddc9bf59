// What a ledger comes to: by subsystem, by day, and for the life of the device.
#pragma once

#include "messages/ledger.hpp"

#include <map>
#include <optional>
#include <string>

namespace sluice::http {

struct subsystem_sums {
  ledger_counts total;
  /// By log or store; empty where the subsystem is one.
  std::map<std::string, ledger_counts> accounts;
};

struct ledger_sums {
  /// `log`, `session` and `database`, and whoever else has booked.
  std::map<std::string, subsystem_sums> subsystems;
  ledger_counts total;
  /// The account that has written most; null if none has written.
  const ledger_entry* biggest = nullptr;
  /// MB (of 1,048,576 bytes) a day, at the rate since the start: what the process had
  /// sent to devices, and what the data's device got from everybody. None before a minute
  /// has passed, and of a device that cannot be told.
  std::optional<double> process_mb_per_day;
  std::optional<double> device_mb_per_day;
  /// How long a device lasts that gets so much from its first day on; none if it gets
  /// nothing, or if its endurance is not known.
  std::optional<double> endurance_years;
};

ledger_sums sums_of(const ledger_report& from);

/// The requests that needed no write of their own, in percent.
double reduction_percent(const ledger_counts& x);

} // namespace sluice::http
