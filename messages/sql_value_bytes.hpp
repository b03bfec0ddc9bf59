// What a value of SQL takes in memory besides itself: all who charge for values count it
// alike.
#pragma once

#include "messages/sql_value.hpp"

#include <caf/variant.hpp>

#include <cstddef>
#include <string>

namespace sluice {

struct payload_counter {
  size_t operator()(const std::string& x) const { return x.size(); }
  size_t operator()(const sql_blob& x) const { return x.bytes.size(); }
  template <class T>
  size_t operator()(const T&) const {
    return 0;
  }
};

inline size_t payload_bytes(const sql_value& x) {
  return caf::visit(payload_counter{}, x);
}

} // namespace sluice
