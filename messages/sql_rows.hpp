// Many rows, packed: held so they take less than the text they came in, however many
// they are. Whoever runs them unpacks one at a time.
#pragma once

#include "messages/sql_packing.hpp"

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <string>

namespace sluice {

class sql_rows {
public:
  class iterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = sql_row;
    using difference_type = std::ptrdiff_t;
    using pointer = const sql_row*;
    using reference = const sql_row&;

    iterator(std::string_view packed, size_t left) : from_(packed), left_(left) {
      read();
    }

    /// Valid until the iterator moves on.
    reference operator*() const { return row_; }

    iterator& operator++() {
      --left_;
      read();
      return *this;
    }

    bool operator==(const iterator& other) const { return left_ == other.left_; }

  private:
    void read() {
      if (left_ > 0)
        from_.row(row_);
    }

    packing::decoder from_;
    size_t left_;
    sql_row row_;
  };

  sql_rows() = default;
  sql_rows(std::initializer_list<sql_row> rows) {
    for (const auto& row : rows)
      push_back(row);
  }

  void push_back(const sql_row& row) {
    packing::encoder{packed_}.row(row);
    ++count_;
  }

  /// Takes so many rows off what `from` reads; it fails if they are not there.
  static sql_rows unpack(packing::decoder& from, size_t count) {
    sql_rows result;
    const auto begin = from.rest();
    sql_row row;
    for (size_t i = 0; i < count && !from.has_failed(); ++i)
      from.row(row);
    if (from.has_failed())
      return result;
    result.packed_ = begin.substr(0, begin.size() - from.rest().size());
    result.count_ = count;
    return result;
  }

  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  void clear() { *this = {}; }

  /// All rows as bytes, one behind the other.
  const std::string& packed() const { return packed_; }

  iterator begin() const { return {packed_, count_}; }
  iterator end() const { return {{}, 0}; }

  bool operator==(const sql_rows&) const = default;

  template <class Inspector>
  friend typename Inspector::result_type inspect(Inspector& f, sql_rows& x) {
    return f(caf::meta::type_name("sql_rows"), x.count_, x.packed_);
  }

private:
  std::string packed_;
  size_t count_ = 0;
};

} // namespace sluice
