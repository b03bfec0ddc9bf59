"""Frames of RFC 6455 as bytes, right ones and wrong ones."""

import base64
import os
import struct

CONTINUATION, TEXT, BINARY = 0x0, 0x1, 0x2
CLOSE, PING, PONG = 0x8, 0x9, 0xA
RESERVED = (0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF)
# Of the first byte: whole, and the three bits that mean nothing without an extension.
FIN = 0x80
RSV = (0x40, 0x20, 0x10)


def header(opcode, size, fin=True, rsv=0, masked=True):
    """The bytes before the mask, whatever comes after them."""
    first = (FIN if fin else 0) | rsv | opcode
    mask = 0x80 if masked else 0
    if size < 126:
        return struct.pack(">BB", first, mask | size)
    if size < 1 << 16:
        return struct.pack(">BBH", first, mask | 126, size)
    return struct.pack(">BBQ", first, mask | 127, size)


def masked_by(mask, payload):
    """The payload under a mask; once more takes it off."""
    size = len(payload)
    stream = int.from_bytes((mask * (size // 4 + 1))[:size])
    return (int.from_bytes(payload) ^ stream).to_bytes(size)


def frame(opcode, payload=b"", fin=True, rsv=0, masked=True):
    """A whole frame, as a client sends it."""
    head = header(opcode, len(payload), fin, rsv, masked)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + masked_by(mask, payload)


def text(value):
    """A text frame of a string or of bytes."""
    return frame(TEXT, value.encode() if isinstance(value, str) else value)


def close(code=None, reason=b""):
    return frame(CLOSE, b"" if code is None else struct.pack(">H", code) + reason)


def read(stream):
    """The next frame of a server: its first byte, and its payload. None at the end."""
    start = stream.read(2)
    if len(start) < 2:
        return None
    first, size = start
    if size & 0x80:
        raise AssertionError("a server must not mask")
    if size == 126:
        size, = struct.unpack(">H", stream.read(2))
    elif size == 127:
        size, = struct.unpack(">Q", stream.read(8))
    return first, stream.read(size)


def request(host, path="/v1/ws", method="GET", version="HTTP/1.1", **changes):
    """The bytes of an upgrade; a change to None leaves a header out."""
    headers = {"Host": host, "Connection": "Upgrade", "Upgrade": "websocket",
               "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode()}
    headers.update({name.replace("_", "-"): value for name, value in changes.items()})
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([f"{method} {path} {version}", *lines, "", ""]).encode()
