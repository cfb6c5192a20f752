"""A listening socket is closed without a reset for those who have just connected."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from banners.cli.serve import listen
from banners.web.http.security import SECURITY
from banners.web.workers import handover

VISITORS = 5


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def channel(stack: ExitStack) -> tuple[socket.socket, socket.socket]:
    supervisor, worker = map(stack.enter_context, socket.socketpair())
    worker.setblocking(False)
    return supervisor, worker


def visitors(stack: ExitStack, place: tuple[str, int]) -> list[socket.socket]:
    return [stack.enter_context(socket.create_connection(place, 10)) for _ in range(VISITORS)]


def test_those_who_wait_are_handed_to_a_worker(
    stack: ExitStack, channel: tuple[socket.socket, socket.socket]
) -> None:
    listener = listen("127.0.0.1", 0)
    waiting = visitors(stack, listener.getsockname())
    handover.hand_over(handover.close(listener, exclusive=True), [channel[0]])
    handover.finish(channel[0])
    finished, found = False, []
    while not finished:
        connections, finished = handover.receive(channel[1])
        found += connections
    assert len(found) == VISITORS
    for each in found:
        with closing(each):
            each.sendall(b"!")
    assert [each.recv(1) for each in waiting] == [b"!"] * VISITORS


@pytest.mark.parametrize("exclusive", [True, False])
def test_new_connections_are_refused(stack: ExitStack, exclusive: bool) -> None:
    listener = listen("127.0.0.1", 0)
    place = listener.getsockname()
    if exclusive:  # another process, which hangs, has it open as well
        stack.enter_context(listener.dup())
    handover.close(listener, exclusive=exclusive)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(place, 10)


def test_a_socket_that_another_server_shares_listens_on(stack: ExitStack) -> None:
    listener = listen("127.0.0.1", 0)
    others = stack.enter_context(listener.dup())
    for each in handover.close(listener, exclusive=False):
        each.close()
    visitors(stack, others.getsockname())


def test_those_whom_no_worker_takes_are_told_to_come_again(
    stack: ExitStack, channel: tuple[socket.socket, socket.socket]
) -> None:
    listener = listen("127.0.0.1", 0)
    waiting = visitors(stack, listener.getsockname())
    channel[1].close()
    handover.hand_over(handover.close(listener, exclusive=True), [channel[0]])
    for each in waiting:
        answer = each.recv(65_536)
        assert b"503 Service Unavailable\r\nRetry-After: " in answer
        assert all(b"\r\n%s: %s\r\n" % header in answer for header in SECURITY)


def test_a_supervisor_that_was_killed_has_not_finished(
    channel: tuple[socket.socket, socket.socket],
) -> None:
    assert handover.receive(channel[1]) == ([], False)
    channel[0].close()
    with pytest.raises(EOFError):
        handover.receive(channel[1])
