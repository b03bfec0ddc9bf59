// Layers, spellings and refusals of the configuration.
#define CAF_SUITE config

#include "tests/fixture.hpp"
