"""Closes a listening socket without resetting connections that have just been made.

The system completes a connection before any process accepts it. When the last process closes the
socket, the system resets the connections that still wait. So the supervisor accepts these at the
end, and hands them to workers that are about to stop, which still answer.
"""

import ctypes
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

from banners.web.http.security import SECURITY

_SO_ATTACH_FILTER = 26

_CONNECTION, _FINISHED = b"c", b"f"

_UNAVAILABLE = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Retry-After: 5\r\nContent-Length: 0\r\nCache-Control: no-store\r\n"
    + b"".join(b"%s: %s\r\n" % each for each in SECURITY)
    + b"Connection: close\r\n\r\n"
)

# Drops the first packet of a connection (SYN without ACK) and lets others pass, in instructions of
# Documentation/networking/filter.rst of Linux: code, jump if true, jump if false, value.
_NO_NEW_CONNECTIONS = (
    (0x30, 0, 0, 13),  # load the byte of the TCP header with the flags
    (0x54, 0, 0, 0x12),  # and keep SYN and ACK
    (0x15, 0, 1, 0x02),  # if only SYN is left,
    (0x06, 0, 0, 0),  # drop the packet,
    (0x06, 0, 0, 0xFFFF),  # otherwise let it pass
)


def close(listener: socket.socket, *, exclusive: bool) -> list[socket.socket]:
    """Close a listening socket, and return the connections that no process has accepted yet.

    Args:
        listener: the socket.
        exclusive: whether it may stop to listen for all processes that have it open.
    """
    waiting = _accept_all(listener)
    if exclusive and sys.platform == "linux":
        # Between a look at an empty queue and the end of the socket, one could still connect.
        _refuse_new(listener)
        waiting += _accept_all(listener)
        with suppress(OSError):  # if it does not listen any more
            listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    return waiting


def hand_over(connections: Sequence[socket.socket], channels: Sequence[socket.socket]) -> None:
    """Give connections to the workers at the other ends of channels, in turn.

    If no worker takes one, it is answered with 503 and ``Retry-After``.
    """
    for number, connection in enumerate(connections):
        first = number % len(channels) if channels else 0
        with connection:
            if not any(map(partial(_sent, connection), (*channels[first:], *channels[:first]))):
                with suppress(OSError):
                    connection.send(_UNAVAILABLE)
                    # If some of the request were left unread, the system would discard the answer.
                    connection.recv(65_536)


def _sent(connection: socket.socket, channel: socket.socket) -> bool:
    try:
        socket.send_fds(channel, [_CONNECTION], [connection.fileno()])
    except OSError:  # the worker has ended, or does not read
        return False
    return True


def finish(channel: socket.socket) -> None:
    """Tell a worker that it gets no more connections, and that the supervisor has meant to end."""
    with suppress(OSError):  # the worker has ended
        channel.send(_FINISHED)
        channel.shutdown(socket.SHUT_WR)


def receive(channel: socket.socket) -> tuple[list[socket.socket], bool]:
    """Return connections that were handed over, and whether the supervisor has finished.

    Raises:
        EOFError: the supervisor has ended before it could.
    """
    try:
        data, descriptors, _, _ = socket.recv_fds(channel, 64, 64)
    except BlockingIOError:
        return [], False
    except OSError as error:
        raise EOFError from error
    if not data:
        raise EOFError
    return [socket.socket(fileno=each) for each in descriptors], _FINISHED in data


def _accept_all(listener: socket.socket) -> list[socket.socket]:
    listener.setblocking(False)
    accepted: list[socket.socket] = []
    while True:
        try:
            connection, _ = listener.accept()
        except ConnectionAbortedError:  # the client has left
            continue
        except OSError:  # there are no more, or no descriptors for more
            return accepted
        connection.setblocking(False)
        accepted.append(connection)


def _refuse_new(listener: socket.socket) -> None:
    """Let the kernel drop attempts to connect; clients repeat them, and are then refused."""
    instructions = b"".join(struct.pack("HBBI", *each) for each in _NO_NEW_CONNECTIONS)
    buffer = ctypes.create_string_buffer(instructions, len(instructions))
    program = struct.pack("HP", len(_NO_NEW_CONNECTIONS), ctypes.addressof(buffer))
    with suppress(OSError):  # a sandbox may forbid filters; the moment is a short one
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)
