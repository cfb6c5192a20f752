"""``banners serve``: the web application."""

import contextlib
import gc
import logging
import shutil
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from banners import wiring
from banners.cli.options import (
    DEFAULT_PORT,
    WholeNumber,
    change_environment,
    database_option,
    port_option,
    settings_from,
)
from banners.cli.stopping import stoppable
from banners.cli.streams import echo
from banners.errors import NothingPublished, PortTaken, StoreError, readable
from banners.settings import Settings

if TYPE_CHECKING:
    from banners.web.shared_memory import SharedMemory

_LOG = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"

PROGRAM = "banners"
"""The name of the command."""

MOST_UNSENT_BYTES = 128 * 1024
"""Bytes that the system takes for a connection beyond those that are on their way."""

GRACE_SECONDS = 8
"""Seconds that requests may take to end when the server stops; a container has ten."""


@click.command(
    epilog="""\b
Examples:
  banners serve
  banners serve --port 9000
  banners serve --host 0.0.0.0 --workers 4
  BANNERS_LOG_FORMAT=json banners serve

The server loads each new generation without a restart. How to run a server: docs/operations.md.

Exit status: 0 stopped by a signal, 1 cannot listen on that port, 2 wrong usage.""",
)
@click.option(
    "--host",
    metavar="H",
    default=LOOPBACK,
    show_default=True,
    help="The name or address to listen on.",
)
@port_option()
@click.option(
    "--workers",
    metavar="N",
    type=WholeNumber(1, 256),
    default=1,
    show_default=True,
    help="Number of processes that answer requests.",
)
@database_option()
def serve(host: str, port: int, workers: int, database_url: str | None) -> None:
    """Serve the campaigns' pages, the form and the JSON API."""
    from banners import logs

    settings = settings_from(database_url=database_url)
    # A signal is the normal end of a server, also before serve_here is ready for it.
    with contextlib.suppress(KeyboardInterrupt), stoppable(), listen(host, port) as listener:
        logs.configure(settings.log_format)
        wiring.check(settings)
        _warn_of_what_is_missing(settings)
        for remark in wiring.check_recording(settings):
            _say(settings, remark)
        _say(settings, f"Banners is at {address(listener)} (stop it with Ctrl-C).")
        is_log = settings.log_format == "json" or not sys.stderr.isatty()
        say_how_to_sign_in(settings, listener, partial(_say, settings), is_log=is_log)
        serve_here(listener, settings, workers, database_url=database_url, exclusive=True)


def _warn_of_what_is_missing(settings: Settings) -> None:
    """Warn if the database cannot be read, has older tables or has nothing published.

    The server starts nevertheless, since each of these may change while it runs.
    """
    try:
        with contextlib.closing(wiring.reader(settings)) as reader:
            reader.check_tables()
            if not reader.active():
                _say(settings, str(NothingPublished(wiring.database_name(settings))))
    except StoreError as error:
        _say(settings, str(error))


def _say(settings: Settings, sentence: str) -> None:
    """Write a sentence to standard error, or to the log if that is JSON for a program to read."""
    if settings.log_format == "json":
        _LOG.info(sentence)
    else:
        echo(sentence, err=True)


def say_how_to_sign_in(
    settings: Settings, listener: socket.socket, say: Callable[[str], None], *, is_log: bool
) -> None:
    """Say how operators sign in.

    Args:
        settings: the settings.
        listener: the listening socket.
        say: writes a sentence.
        is_log: whether others may read it later, so that it must not contain a link.

    Raises:
        SettingsError: the operators' passwords cannot be read.
    """
    url = address(listener).rstrip("/")
    port = listener.getsockname()[1]
    command = f"{_program()} sign-in" + ("" if port == DEFAULT_PORT else f" --port {port}")
    if wiring.is_open(settings):
        say("Everybody is an operator, since BANNERS_OPERATORS is open.")
        return
    wiring.make_secrets(settings)
    link = wiring.sign_in_link(settings, url)  # also reports what is wrong with the passwords
    if is_log:
        say(f"Operators sign in with the link of: {command}")
    else:
        say(f"Operators sign in at {link}")
        say(f"This link is valid for ten minutes; for another: {command}")


def _program() -> str:
    """Return the name of this command, or its path if the shell does not find it by name."""
    given = Path(sys.argv[0])
    found = shutil.which(PROGRAM)
    if given.name != PROGRAM or (found and given.exists() and given.samefile(found)):
        return PROGRAM
    return str(given)


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket, so that clients can connect as soon as the address is shown.

    Args:
        host: a name or address of this machine.
        port: the port; 0 for any free port.

    Raises:
        PortTaken: another program listens there, or this user lacks the permission.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Of its connections, too: the system takes megabytes for a client that does not read.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MOST_UNSENT_BYTES)
            listener.bind(place)
            listener.listen(2048)
        except OSError:
            listener.close()
            raise
    except (OSError, UnicodeError) as error:
        # A name with a part that no host can have is an error of the codec.
        reason = error.strerror if isinstance(error, OSError) else "no host has such a name"
        raise PortTaken(
            f"Cannot listen on {readable(host)}, port {port}: {reason}. "
            "Choose another port, as in: --port 9000 (or PORT=9000 make demo)."
        ) from error
    listener.set_inheritable(True)
    return listener


def address(listener: socket.socket) -> str:
    """Return the address to open in a browser."""
    host, port = listener.getsockname()[:2]
    everywhere = host in {"0.0.0.0", "::"}  # noqa: S104  # compared, not listened on
    name = "localhost" if everywhere else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/"


def serve_here(
    listener: socket.socket,
    settings: Settings,
    workers: int,
    *,
    database_url: str | None = None,
    exclusive: bool = False,
    demo: bool = False,
    clock: Callable[[], float] = time.time,
) -> None:
    """Serve until interrupted or stopped by a signal.

    Args:
        listener: the listening socket.
        settings: the settings.
        workers: the number of processes that answer requests, 1 or more.
        database_url: the database of the command line; None if the environment names it.
        exclusive: whether no other server listens on the socket, so that it can be closed for all
            workers at the same moment.
        demo: whether the landing pages of the demo are served.
        clock: tells the time, in seconds since 1970 in UTC.
    """
    from banners import logs
    from banners.web.shared_memory import SharedMemory
    from banners.web.workers.supervisor import Supervisor

    logs.configure(settings.log_format)
    # Workers read their settings from the environment, again after SIGHUP.
    if database_url is not None:
        change_environment({"database_url": database_url})
    memory = SharedMemory(workers + 1)
    # Ctrl-C or a signal is the normal end of a server.
    with contextlib.suppress(KeyboardInterrupt), stoppable() as check:
        key = wiring.make_secrets(settings)
        serve_in_worker = _worker(listener, memory, key, demo=demo, clock=clock)
        # A copy of this process would otherwise copy each page that its collector looks at.
        gc.freeze()
        # Python drops an interrupt that is raised while it forks, as work beside the server does.
        check()
        Supervisor(
            listener,
            workers,
            memory,
            serve_in_worker,
            grace_seconds=GRACE_SECONDS + 1,
            exclusive=exclusive,
        ).run()


def _worker(
    listener: socket.socket,
    memory: "SharedMemory",
    session_key: str,
    *,
    demo: bool,
    clock: Callable[[], float],
) -> Callable[[int, socket.socket], None]:
    """Return what a worker does; all that it needs is imported now, for all workers together."""
    import uvicorn

    import banners.web.app  # noqa: F401  # for wiring.web_application
    from banners.settings import load_settings
    from banners.web.hot.connection_counts import ConnectionCounts
    from banners.web.hot.protocol import DeliveryProtocol
    from banners.web.hot.sharing import SharingLoop
    from banners.web.metrics import Metrics
    from banners.web.workers.server import WorkerServer

    here = address(listener).rstrip("/")

    def serve_in_worker(slot: int, channel: socket.socket) -> None:
        def beat() -> None:
            memory.beats[slot] += 1

        settings = load_settings()
        settings = replace(settings, public_url=settings.public_url or here)
        metrics = Metrics(memory, slot)
        # The key of this process and not that of the file, which may be damaged or replaced
        # meanwhile: a session has to be valid on all workers.
        application = wiring.web_application(
            settings,
            metrics,
            memory.wrong_passwords,
            session_key=session_key,
            demo=demo,
            shared=memory,
            clock=clock,
        )
        config = uvicorn.Config(
            application,
            http=DeliveryProtocol,
            # banners.web.middleware.proxies reads them, from trusted proxies only.
            proxy_headers=False,
            # uvicorn takes a callable as well as the name of one.
            loop=lambda: SharingLoop(ConnectionCounts(memory, slot)),  # type: ignore[arg-type]
            access_log=False,
            # banners.logs configures logging.
            log_config=None,
            timeout_graceful_shutdown=GRACE_SECONDS,
            server_header=False,
            ws="none",
        )
        WorkerServer(config, channel, beat).run(sockets=[listener])

    return serve_in_worker
