// Room for one answer: whoever makes a large one holds its bytes before they are there,
// in an account that came with the request. They are given back when the answer was taken
// by its reader, or nobody is left who could give it.
#pragma once

#include "messages/credit.hpp"
#include "messages/error.hpp"

#include <caf/error.hpp>

#include <cstddef>
#include <string>

namespace sluice {

/// Answers up to here are always possible: there are no more of them than connections.
constexpr size_t small_answer_bytes_max = 16'384;

/// Holds an answer's bytes, all that it takes, in `room`; `overloaded` if there are too
/// many others that were not taken yet.
inline caf::error hold_answer(credit room, size_t bytes) {
  if (room.try_hold(bytes <= small_answer_bytes_max ? 0 : bytes))
    return caf::none;
  if (!room.could_hold(bytes))
    return caf::make_error(ec::too_large, std::string{"the answer is larger than "
                                                      "http.max-answer-bytes-total"});
  return caf::make_error(ec::overloaded,
                         std::string{"too many bytes of answers wait for their readers, "
                                     "which http.max-answer-bytes-total bounds"});
}

} // namespace sluice
