// A body that is paid for as it comes in: every byte that is kept is drawn from the
// budget first. What cannot be paid for, or is not wanted, is read past. A body that
// comes in gzip is taken apart here, so that what it holds is bounded and paid for like
// any other.
#pragma once

#include "app/http/gunzip.hpp"
#include "messages/credit.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional/optional.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::http {

struct charged_body {
  /// Bytes behind the text that a JSON reader may look at, so that it need not copy.
  static constexpr size_t padding_bytes = 64;

  /// No more than this is set aside on the word of a header.
  static constexpr size_t reserve_bytes_max = 1'048'576;

  /// Why a body is not kept.
  enum class trouble : uint8_t {
    none,
    /// There was no room in the budget.
    no_room,
    /// It holds more than it may.
    too_large,
    /// It is not the gzip that it was said to be.
    garbled,
  };

  struct value_type {
    std::string text;
    credit charge;
    /// Read past, keep nothing.
    bool unwanted = false;
    trouble why = trouble::none;
    /// Of the text.
    uint64_t bytes_max = std::numeric_limits<uint64_t>::max();
    /// Takes the body apart, if it comes in gzip.
    std::unique_ptr<gunzip> packed;

    void drop() {
      text = {};
      charge = {};
      packed = {};
      unwanted = true;
    }

    void fail(trouble reason) {
      drop();
      why = reason;
    }

    /// Keeps a piece, unless there is too much of it. Returns whether it did.
    bool keep(std::string_view piece) {
      if (text.size() + piece.size() > bytes_max)
        why = trouble::too_large;
      else if (!charge.try_grow(piece.size()))
        why = trouble::no_room;
      else
        text.append(piece);
      return why == trouble::none;
    }

    void take(std::string_view piece) {
      auto kept = packed        ? packed->feed(piece, [this](auto x) { return keep(x); })
                  : keep(piece) ? gunzip::outcome::taken
                                : gunzip::outcome::stopped;
      if (kept != gunzip::outcome::taken)
        fail(kept == gunzip::outcome::garbled ? trouble::garbled : why);
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
      for (auto it = boost::asio::buffer_sequence_begin(buffers);
           !body_.unwanted && it != boost::asio::buffer_sequence_end(buffers); ++it)
        body_.take({static_cast<const char*>(it->data()), it->size()});
      return size;
    }

    void finish(boost::system::error_code& code) {
      code = {};
      if (body_.packed && !body_.packed->is_whole())
        body_.fail(trouble::garbled);
      if (!body_.unwanted)
        body_.text.reserve(body_.text.size() + padding_bytes);
    }

  private:
    value_type& body_;
  };
};

} // namespace sluice::http
