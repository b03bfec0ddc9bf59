"""What attacks are made of, and what they must not cost the service."""

import os
import pathlib
import resource
import socket
import struct

import harness

MEMORY_GROWTH_MAX_KIB = 16 * 1024
HANDSHAKE_TO_SERVER, MESSAGE, ROUTED, MONITOR, DOWN, HEARTBEAT = 1, 2, 3, 4, 5, 6


def header(operation, length, flags=0, data=0, source=0, target=0):
    """A header as CAF writes it."""
    return struct.pack(">BBBBIQQQ", operation, 0, 0, flags, length, data, source, target)


# What ends a CAF node that trusts its peers, or should close the connection at least.
PACKETS = (header(HANDSHAKE_TO_SERVER, 0), header(HANDSHAKE_TO_SERVER, 0xfffffff0),
           header(0, 0), header(0, 8) + bytes(8), header(99, 0),
           header(MESSAGE, 8, data=1, source=1, target=1) + bytes(8),
           header(ROUTED, 8) + bytes(8), header(DOWN, 0), header(MONITOR, 8) + bytes(8),
           header(HEARTBEAT, 1) + b"x", header(HANDSHAKE_TO_SERVER, 32) + bytes(32),
           header(HANDSHAKE_TO_SERVER, 3) + b"abc")


def memory_kib(program):
    with open(f"/proc/{program.pid}/status", encoding="ascii") as status:
        return next(int(x.split()[1]) for x in status if x.startswith("VmRSS:"))


def peak_kib(program):
    """The most that it has taken since `forget_peak`."""
    with open(f"/proc/{program.pid}/status", encoding="ascii") as status:
        return next(int(x.split()[1]) for x in status if x.startswith("VmHWM:"))


def forget_peak(program):
    """Has the peak start from what it takes now, which is returned."""
    with open(f"/proc/{program.pid}/clear_refs", "w", encoding="ascii") as what:
        what.write("5")
    return memory_kib(program)


def peak_growth_kib(program, before):
    """By how much its memory had grown at most, as far as that says anything."""
    return 0 if harness.sanitized() else peak_kib(program) - before


def growth_kib(program, before):
    """By how much its memory has grown, as far as that says anything."""
    return 0 if harness.sanitized() else memory_kib(program) - before


def allow_descriptors(wanted=4096):
    """Lets this process hold as many peers as an attack takes."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, most), most))


def open_files(program):
    """What each of its descriptors is, as far as it is still open when looked at."""
    found = []
    for each in pathlib.Path(f"/proc/{program.pid}/fd").iterdir():
        try:
            found.append(os.readlink(each))
        except FileNotFoundError:
            continue
    return found


def begin_request(peer, path="/v1/logs/a"):
    """Sends a request but for its body, a byte, and waits until it has begun there."""
    peer.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain"
                 "\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n".encode())
    go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
    return peer.recv(len(go_on)) == go_on


def open_tcp(service, seconds=harness.ANSWER_SECONDS_MAX):
    """A plain connection to its HTTP port, for bytes that no client would send."""
    host, port = service.host, service.port
    return socket.create_connection((host, port), timeout=seconds)


def everything(peer):
    """All that is sent until the other side closes, or falls silent for too long."""
    received = bytearray()
    try:
        while chunk := peer.recv(65536):
            received += chunk
    except OSError:
        pass
    return bytes(received)
