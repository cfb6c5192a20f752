"""Work that runs beside a server, each in a process of its own."""

import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread

from banners.cli.stopping import ENDING

_STOP_SECONDS = 5.0


@contextmanager
def beside(listener: socket.socket, *works: Callable[[], None]) -> Iterator[None]:
    """Run functions beside the block, each in a process of its own, and end them with the block.

    Start them before this process has threads, since the processes are copies of it. A function
    that ends early is not started again; the server goes on.

    Args:
        listener: the listening socket of this process, which the others must not keep open.
        works: the functions; each is ended by SIGTERM.
    """
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_run, args=(work, listener), daemon=True) for work in works]
    try:
        # The new processes begin with the handlers of this one, which would raise in them. Held
        # back, a signal reaches each process when it has its own.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
        try:
            for process in processes:
                process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        yield
    finally:
        for process in processes:
            if process.pid is not None:
                process.terminate()
        for process in processes:
            if process.pid is not None:
                process.join(_STOP_SECONDS)
                process.kill()


def _run(work: Callable[[], None], listener: socket.socket) -> None:
    listener.close()
    # Ctrl-C reaches every process of the terminal; the parent then ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    Thread(target=_end_with_parent, daemon=True).start()
    work()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
    os._exit(1)
