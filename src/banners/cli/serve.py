"""``banners serve``: the web application."""

import contextlib
import logging
import os
import socket

import click

from banners import wiring
from banners.cli.options import WholeNumber, database_option, port_option, settings_from
from banners.cli.stopping import stoppable
from banners.errors import NothingPublished, PortTaken, StoreError
from banners.settings import PREFIX, Settings

_LOG = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"

GRACE_SECONDS = 8
"""So long requests may take to end when the server is stopped; a container is given ten."""


@click.command(
    epilog="""\b
Examples:
  banners serve
  banners serve --port 9000
  banners serve --host 0.0.0.0 --workers 4
  BANNERS_LOG_FORMAT=json banners serve

It need not be started again when something is published. docs/operations.md tells how to run it.

Exit status: 0 it was stopped, 1 it cannot listen there, 2 wrong usage.""",
)
@click.option("--host", metavar="H", default=LOOPBACK, show_default=True, help="Where to listen.")
@port_option()
@click.option(
    "--workers",
    metavar="N",
    type=WholeNumber(1, 256),
    default=1,
    show_default=True,
    help="How many processes serve.",
)
@database_option()
def serve(host: str, port: int, workers: int, database_url: str | None) -> None:
    """Serve the form, the campaigns' pages and the JSON."""
    from banners import logs

    settings = settings_from(database_url=database_url)
    with listen(host, port) as listener:
        logs.configure(settings.log_format)
        wiring.check(settings)
        _tell_what_is_missing(settings)
        _say(settings, f"Banners is at {address(listener)} (stop it with Ctrl-C).")
        serve_here(listener, settings, workers, database_url=database_url)


def _tell_what_is_missing(settings: Settings) -> None:
    """Say at the start what every request will meet; what is missing may still come."""
    try:
        with contextlib.closing(wiring.reader(settings)) as reader:
            if not reader.active():
                _say(settings, str(NothingPublished(wiring.database_name(settings))))
    except StoreError as error:
        _say(settings, str(error))


def _say(settings: Settings, sentence: str) -> None:
    """Say something to whoever started the server, which where logs are JSON may be a program."""
    if settings.log_format == "json":
        _LOG.info(sentence)
    else:
        click.echo(sentence, err=True)


def listen(host: str, port: int) -> socket.socket:
    """Start to listen, so that whoever is told the address can connect at once.

    Args:
        host: a name or address of this machine.
        port: the port, 0 for any that is free.

    Raises:
        PortTaken: something else listens there, or this user may not.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(place)
            listener.listen(2048)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise PortTaken(
            f"Cannot listen on {host}, port {port}: {error.strerror}. "
            "Choose another place, as in: --port 9000 (or PORT=9000 make demo)."
        ) from error
    listener.set_inheritable(True)
    return listener


def address(listener: socket.socket) -> str:
    """Tell the address to open in a browser."""
    host, port = listener.getsockname()[:2]
    everywhere = host in {"0.0.0.0", "::"}  # noqa: S104  # compared, not listened on
    name = "localhost" if everywhere else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/"


def serve_here(
    listener: socket.socket, settings: Settings, workers: int, *, database_url: str | None = None
) -> None:
    """Serve until told to stop.

    Args:
        listener: the socket that listens.
        settings: what to serve.
        workers: how many processes serve, 1 or more.
        database_url: what the command line says; None where settings that workers read say it.
    """
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    from banners.web.metrics import shared_by_workers
    from banners.web.protocol import DeliveryProtocol

    # Workers are processes of their own, and read their settings from the environment.
    if database_url is not None:
        os.environ[f"{PREFIX}DATABASE_URL"] = database_url
        os.environ.pop(f"{PREFIX}DATABASE_URL_FILE", None)
    if not settings.public_url:
        os.environ[f"{PREFIX}PUBLIC_URL"] = address(listener).rstrip("/")
    config = uvicorn.Config(
        "banners.asgi:create",
        factory=True,
        http=DeliveryProtocol,
        # Nothing here depends on who asks, so nobody's word on that is needed.
        proxy_headers=False,
        workers=workers,
        loop="auto" if workers == 1 else "banners.web.sharing:new_loop",
        access_log=False,
        # The application says how it logs, in banners.logs.
        log_config=None,
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
        ws="none",
    )
    # Ctrl-C, or a signal, is how a server is stopped, and no failure.
    with contextlib.suppress(KeyboardInterrupt), stoppable():
        if workers == 1:
            uvicorn.Server(config).run(sockets=[listener])
        else:
            with shared_by_workers() as together:
                os.environ.update(together)
                Multiprocess(config, sockets=[listener]).run()
