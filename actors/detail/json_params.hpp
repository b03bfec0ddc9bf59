// What comes in as a statement's parameters, and becomes values of SQLite's. JSON has no
// word for some of those; they are objects of one member, the same as go out.
#pragma once

#include "actors/detail/json_reading.hpp"
#include "messages/sql.hpp"

#include <string>
#include <vector>

namespace sluice::json {

/// Reads an array of values, or an object of values by the names of their parameters.
caf::error read_params(dom::element x, const char* what, sql_row& values,
                       std::vector<std::string>& names, payment& pays);

/// Reads a batch's rows: the first one decides whether all are arrays, or objects of the
/// same names, whose values then stand in the first one's order.
class batch_reader {
public:
  batch_reader(std::vector<std::string>& names, sql_rows& rows, payment& pays)
      : wanted_(names), rows_(rows), pays_(pays) {}

  /// Reads the next one.
  caf::error read(dom::element x);

private:
  std::vector<std::string>& wanted_;
  sql_rows& rows_;
  payment& pays_;
  /// Of the row that is read, kept so as not to be made anew.
  sql_row row_;
  std::vector<std::string> names_;
};

} // namespace sluice::json
