"""A WebSocket client that is a bare socket: it sends what a test tells it, reads when
the test wants, and answers a ping, and leaves after a goodbye, only if it is polite."""

import contextlib
import socket
import struct
import time

import harness
from websocket import frames
from websocket.client import BATCH, Client

# So little fits into its socket that a peer who waits for it feels it soon.
SMALL_BUFFER_BYTES = 4096


class RawClient(Client):
    def __init__(self, sock, protocol, host, polite=True):
        super().__init__(protocol == BATCH)
        self.sock = sock
        self.stream = sock.makefile("rb")
        self.host = host
        self.protocol = protocol
        self.polite = polite
        self.pings = []
        self.pongs = []
        # Opcodes and payloads as they came, whole messages only for texts.
        self.ended = False

    def upgrade(self, path="/v1/ws", **changes):
        """The answer to a request for the upgrade."""
        if self.protocol is not None:
            changes.setdefault("Sec_WebSocket_Protocol", self.protocol)
        self.sock.sendall(frames.request(self.host, path, **changes))
        return harness.read_answer(self.stream)

    def send_bytes(self, data):
        """Sends as much as is taken: the peer may have hung up already."""
        with contextlib.suppress(ConnectionError):
            self.sock.sendall(data)

    def send_text(self, text):
        self.send_bytes(frames.text(text))

    # -- reading -----------------------------------------------------------------------

    def step(self):
        """Takes the next frame; False at the end of the connection."""
        try:
            found = frames.read(self.stream)
        except ConnectionError:
            found = None
        if found is None:
            self.ended = True
            return False
        first, payload = found
        self.take(first, payload)
        return True

    def take(self, first, payload):
        opcode = first & 0x0F
        if opcode == frames.PING:
            self.pings.append(payload)
            if self.polite:
                self.send_bytes(frames.frame(frames.PONG, payload))
        elif opcode == frames.PONG:
            self.pongs.append(payload)
        elif opcode == frames.CLOSE:
            code = struct.unpack(">H", payload[:2])[0] if payload else 1005
            self.closed = code, payload[2:].decode()
            if self.polite:
                with contextlib.suppress(OSError):
                    self.sock.shutdown(socket.SHUT_WR)
        elif first == frames.FIN | frames.TEXT:
            self.frames.append(payload.decode())
        else:
            raise AssertionError(f"a frame that was not expected: {first:#x}")

    def wait(self, condition, seconds=harness.ANSWER_SECONDS_MAX):
        deadline = time.monotonic() + seconds
        self.sock.settimeout(seconds)
        while not condition():
            if time.monotonic() > deadline:
                return False
            try:
                if not self.step():
                    return condition()
            except TimeoutError:
                return False
        return True

    def expect_end(self):
        """Waits until the other side has ended the connection, with or without a word."""
        self.expect(lambda: self.ended)

    # -- leaving -----------------------------------------------------------------------

    def close(self):
        self.stream.close()
        self.sock.close()

    def reset(self):
        """Ends so that the other side sees a reset."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


def connect(service, protocol=BATCH, polite=True, small=False):
    """A connection, not yet upgraded."""
    sock = socket.socket()
    if small:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
    sock.settimeout(harness.ANSWER_SECONDS_MAX)
    sock.connect(("127.0.0.1", service.port))
    return RawClient(sock, protocol, service.address, polite)


def open_client(service, protocol=BATCH, polite=True, small=False, **changes):
    """An upgraded connection."""
    client = connect(service, protocol, polite, small)
    answer = client.upgrade(**changes)
    if answer.status != 101:
        client.close()
        raise AssertionError(f"no upgrade: {answer.status} {answer.body[:300]}")
    return client
