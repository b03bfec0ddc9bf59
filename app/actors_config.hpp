// What the settings mean to the actors: each gets the part that is its own.
#pragma once

#include "actors/lifecycle/supervisor.hpp"
#include "app/config/settings.hpp"

namespace sluice {

supervisor_config actors_config(const settings& from);

} // namespace sluice
