"""``banners demo --visitors``: simulated visitors and a fast clock, to watch the loop."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from banners import wiring
from banners.cli.beside import beside
from banners.cli.options import change_environment, settings_from
from banners.cli.serve import LOOPBACK, address, listen, say_how_to_sign_in, serve_here
from banners.cli.stopping import stoppable
from banners.cli.streams import echo, keep_status
from banners.core.clock import FastClock
from banners.settings import Settings

if TYPE_CHECKING:
    import socket

FOLDER = Path("var/visitors")

FACTOR = 60
"""How many times as fast time passes: an hour takes a minute."""

VISITS_PER_SECOND = 120
"""Number of visits in a second of real time."""

_TOLD_EVERY = 15.0


def demo_with_visitors(port: int, *, is_terminal: bool) -> None:
    """Serve an empty installation to simulated visitors, and run the loop, until interrupted.

    Args:
        port: the port to listen on.
        is_terminal: whether the output is a terminal, so that it may contain a link to sign in.

    Raises:
        SampleError: the folder of the demo cannot be used.
        PortTaken: another program listens on the port.
    """
    # A signal is the normal end of a server, also before serve_here is ready for it.
    with suppress(KeyboardInterrupt), stoppable(), listen(LOOPBACK, port) as listener:
        settings = _settings()
        _prepare(settings, address(listener))
        keep_status("The pages do not need it.")
        clock = FastClock(time.time(), FACTOR)
        echo(f"\n     Open {address(listener)}campaigns/{wiring.VISITED_CAMPAIGNS[0]}")
        say_how_to_sign_in(
            settings, listener, lambda text: echo(f"     {text}"), is_log=not is_terminal
        )
        echo(f"     Time passes {FACTOR} times as fast: an hour in {3600 / FACTOR:g} seconds.")
        echo("     Stop with Ctrl-C; what was recorded is removed at the next start.\n")

        def tell(sentence: str) -> None:
            echo(sentence)
            if sentence.startswith("Quarter ") and (earned := wiring.earned_by_arms(settings)):
                echo(earned)

        def run_loop() -> None:
            with wiring.loop(settings, tell=tell, on_step=lambda _: None, clock=clock) as loop:
                loop.run()

        with beside(listener, run_loop, _visiting(settings, listener, clock)):
            serve_here(listener, settings, workers=1, exclusive=True, demo=True, clock=clock.now)


def _settings() -> Settings:
    change_environment(wiring.visited_folder(FOLDER))
    return settings_from()


def _prepare(settings: Settings, url: str) -> None:
    from banners.sample.images import write_images

    echo("1/3  Images: drawing those of the banners.")
    write_images(settings.images, wiring.visited_banners(), lambda: None)
    echo("2/3  Catalogue: making a few campaigns, which have no figures yet.")
    banners = wiring.make_visited_catalogue(settings, settings.public_url or url)
    echo(f"     {len(wiring.VISITED_CAMPAIGNS)} campaigns with {banners} banners.")
    echo("3/3  Serving, with visitors who like some banners better than others.")


def _visiting(
    settings: Settings, listener: "socket.socket", clock: FastClock
) -> Callable[[], None]:
    """Return what lets visitors come, at random moments, until it is stopped."""
    host, port = listener.getsockname()[:2]

    def visit() -> None:
        crowd = wiring.crowd(settings, host, port, clock.now)
        next_visit = next_told = time.monotonic()
        while True:
            now = time.monotonic()
            if now < next_visit:
                time.sleep(next_visit - now)
            # A slow machine has fewer visits; it does not make up for them later.
            next_visit = max(next_visit, now - 1) + crowd.pause(VISITS_PER_SECOND)
            crowd.visit()
            if now >= next_told + _TOLD_EVERY:
                next_told = now
                echo(crowd.tally.sentence())

    return visit
