#include "app/http/gunzip.hpp"

#include <zlib.h>

#include <array>
#include <new>

namespace sluice::http {

namespace {

/// The largest window, and 16 for gzip's header and check sum.
constexpr int window_bits = 15 + 16;

constexpr size_t piece_bytes = 32'768;

} // namespace

struct gunzip::implementation {
  implementation() {
    if (inflateInit2(&stream, window_bits) != Z_OK)
      throw std::bad_alloc{};
  }
  ~implementation() { inflateEnd(&stream); }
  implementation(const implementation&) = delete;
  implementation& operator=(const implementation&) = delete;

  z_stream stream = {};
  /// Between two members, or before the first.
  bool between = true;
};

gunzip::gunzip() : impl_(std::make_unique<implementation>()) {
  // nop
}

gunzip::~gunzip() = default;

gunzip::outcome gunzip::feed(std::string_view bytes, const taker& take) {
  auto& stream = impl_->stream;
  auto* in = reinterpret_cast<const Bytef*>(bytes.data());
  stream.next_in = const_cast<Bytef*>(in); // zlib reads it only
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::array<char, piece_bytes> piece;
  do {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    if (stream.avail_in > 0)
      impl_->between = false;
    const auto code = inflate(&stream, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
      return outcome::garbled;
    const auto count = piece.size() - stream.avail_out;
    if (count > 0 && !take({piece.data(), count}))
      return outcome::stopped;
    if (code == Z_STREAM_END) {
      inflateReset(&stream);
      impl_->between = true;
    }
    // A piece that is full may have more behind it, though all that came is used up.
  } while (stream.avail_in > 0 || stream.avail_out == 0);
  return outcome::taken;
}

bool gunzip::is_whole() const {
  return impl_->between;
}

} // namespace sluice::http
