// A FRAME WATCH sees a client's frames before Beast does, and tells what Beast does not:
// whether a message is under way, however empty; a frame that is too long, for which
// Beast would set memory aside where frames are deflated; and the code of a goodbye.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::websocket {

/// Bytes of a message, and so of each of its frames.
constexpr size_t message_bytes_max = 1'048'576;

class frame_watch {
public:
  /// Looks at the next bytes that came, and returns how many of them Beast may see: it
  /// gets no whole header of a frame that is too long.
  size_t look(std::string_view bytes);

  /// A frame came that is too long. Nothing behind it is looked at.
  bool is_too_long() const { return too_long_; }

  /// Whether a message, or a control frame, has begun and is not whole.
  bool is_amid() const { return known_ > 0 || left_ > 0 || fragmented_; }

  /// How many have come to their end; control frames amid a message are part of it.
  uint64_t ended() const { return ended_; }

  /// The code of the Close frame, once it is there.
  std::optional<uint16_t> goodbye_code() const { return code_; }

private:
  size_t header_bytes() const;
  uint64_t payload_bytes() const;
  void on_header();
  void on_code();
  bool is_over() const { return said_goodbye_ || too_long_; }

  /// A frame's header: what is there of it, then the code behind it.
  std::array<uint8_t, 16> head_ = {};
  size_t known_ = 0;
  size_t wanted_ = 2;
  /// Of the payload, what is to come.
  uint64_t left_ = 0;
  /// The last data frame was not its message's last.
  bool fragmented_ = false;
  uint64_t ended_ = 0;
  bool too_long_ = false;
  /// A Close frame came, with a code or without.
  bool said_goodbye_ = false;
  std::optional<uint16_t> code_;
};

} // namespace sluice::websocket
