#include "actors/websocket/ws_deflater.hpp"

#include "actors/websocket/ws_frame.hpp"

#include <zlib.h>

namespace sluice {

namespace {

/// Raw deflate with the largest window; the negative sign leaves zlib's header out.
constexpr int window_bits = -15;
constexpr int memory_level = 8;

/// What a sync flush ends with, and a message goes without (RFC 7692, 7.2.1).
constexpr size_t tail_bytes = 4;

} // namespace

struct ws_deflater::implementation {
  implementation() {
    ready = deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window_bits, memory_level,
                         Z_DEFAULT_STRATEGY)
            == Z_OK;
  }
  ~implementation() { deflateEnd(&stream); }
  implementation(const implementation&) = delete;
  implementation& operator=(const implementation&) = delete;

  z_stream stream = {};
  bool ready = false;
};

ws_deflater::ws_deflater() = default;

ws_deflater::~ws_deflater() = default;

std::string ws_deflater::frame(std::string_view text) {
  if (!impl_)
    impl_ = std::make_unique<implementation>();
  if (!impl_->ready)
    return {};
  auto& stream = impl_->stream;
  deflateReset(&stream);
  std::string packed;
  packed.resize(text.size() + tail_bytes);
  auto* in = reinterpret_cast<const Bytef*>(text.data());
  stream.next_in = const_cast<Bytef*>(in); // zlib reads it only
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const auto code = deflate(&stream, Z_SYNC_FLUSH);
  if (code != Z_OK || stream.avail_in > 0 || stream.avail_out == 0)
    return {};
  packed.resize(packed.size() - stream.avail_out - tail_bytes);
  std::string frame;
  append_text_header(frame, packed.size(), true);
  return frame.append(packed);
}

} // namespace sluice
