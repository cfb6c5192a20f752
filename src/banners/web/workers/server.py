"""uvicorn's server in a worker process, in touch with the supervisor."""

import asyncio
import logging
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from banners.web.hot.sharing import SharedListener
from banners.web.workers.handover import receive

_LOG = logging.getLogger(__name__)

HANDOVER_SECONDS = 1.0
"""Maximum number of seconds that a worker that stops waits for connections from the supervisor."""

ORPHAN_SECONDS = 2
"""Seconds that requests may take to end when the supervisor was killed."""


class WorkerServer(uvicorn.Server):
    """Shows that it is alive, and stops with the supervisor.

    Args:
        config: the configuration of uvicorn.
        channel: a socket on which the supervisor hands over connections; its unexpected end means
            that the supervisor was killed.
        beat: called several times a second while the event loop runs.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        channel: socket.socket,
        beat: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._channel = channel
        self._beat = beat
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: list[SharedListener] = []
        self._sockets: list[socket.socket] = []
        self._adopting: set[asyncio.Task[None]] = set()
        self._no_more_handed_over = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve, and to listen to the supervisor."""
        await super().startup(sockets)
        self._sockets = sockets or []
        # SharingLoop makes them, which uvicorn's type cannot know.
        self._listeners = [each for each in self.servers if isinstance(each, SharedListener)]
        self._loop = asyncio.get_running_loop()
        self._channel.setblocking(False)
        self._loop.add_reader(self._channel, self._hear)

    async def on_tick(self, counter: int) -> bool:
        """Show that the event loop runs."""
        self._beat()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop accepting connections immediately, and stop serving a moment later."""
        super().handle_exit(sig, frame)
        if self._loop:
            self._loop.call_soon_threadsafe(self._stop_accepting)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer open requests, including those on connections that the supervisor hands over."""
        self._stop_accepting()
        try:
            await asyncio.wait_for(self._no_more_handed_over.wait(), HANDOVER_SECONDS)
        except TimeoutError:
            self._stop_hearing()
        await asyncio.gather(*self._adopting, return_exceptions=True)
        await super().shutdown(sockets)

    def _stop_accepting(self) -> None:
        for listener in self._listeners:
            listener.close()
        # The last process that has the socket open decides who is refused: see handover.
        for each in self._sockets:
            each.close()

    def _hear(self) -> None:
        try:
            connections, is_finished = receive(self._channel)
        except EOFError:
            _LOG.warning("The process that started this worker was killed, so this one ends.")
            self.config.timeout_graceful_shutdown = ORPHAN_SECONDS
            self.should_exit = True
            self._stop_accepting()
            self._stop_hearing()
            return
        if is_finished:
            self._stop_hearing()
        for connection in connections:
            task = asyncio.ensure_future(self._listeners[0].adopt(connection))
            self._adopting.add(task)
            task.add_done_callback(self._adopting.discard)

    def _stop_hearing(self) -> None:
        if self._loop:
            self._loop.remove_reader(self._channel)
        self._channel.close()
        self._no_more_handed_over.set()
