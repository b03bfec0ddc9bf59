// A body that is paid for as it comes in: every byte that is kept is drawn from the
// budget first. What cannot be paid for, or is not wanted, is read past.
#pragma once

#include "messages/credit.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional/optional.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

namespace sluice::http {

struct charged_body {
  /// Bytes behind the text that a JSON reader may look at, so that it need not copy.
  static constexpr size_t padding_bytes = 64;

  /// No more than this is set aside on the word of a header.
  static constexpr size_t reserve_bytes_max = 1'048'576;

  struct value_type {
    std::string text;
    credit charge;
    /// Read past, keep nothing.
    bool unwanted = false;
    /// There was no room in the budget.
    bool starved = false;

    void drop() {
      text = {};
      charge = {};
      unwanted = true;
    }
  };

  class reader {
  public:
    template <bool IsRequest, class Fields>
    reader(boost::beast::http::header<IsRequest, Fields>&, value_type& body)
        : body_(body) {}

    void init(const boost::optional<uint64_t>& length, boost::system::error_code& code) {
      code = {};
      if (length && !body_.unwanted)
        body_.text.reserve(std::min<size_t>(*length, reserve_bytes_max) + padding_bytes);
    }

    template <class Buffers>
    size_t put(const Buffers& buffers, boost::system::error_code& code) {
      code = {};
      const auto size = boost::asio::buffer_size(buffers);
      if (!body_.unwanted && !body_.charge.try_grow(size)) {
        body_.drop();
        body_.starved = true;
      }
      if (!body_.unwanted)
        for (auto it = boost::asio::buffer_sequence_begin(buffers);
             it != boost::asio::buffer_sequence_end(buffers); ++it)
          body_.text.append(static_cast<const char*>(it->data()), it->size());
      return size;
    }

    void finish(boost::system::error_code& code) {
      code = {};
      if (!body_.unwanted)
        body_.text.reserve(body_.text.size() + padding_bytes);
    }

  private:
    value_type& body_;
  };
};

} // namespace sluice::http
