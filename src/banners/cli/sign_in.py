"""``banners sign-in``: a link with which operators sign in."""

import click

from banners import wiring
from banners.cli.options import database_option, port_option, settings_from
from banners.cli.serve import LOOPBACK
from banners.cli.streams import echo


@click.command(
    name="sign-in",
    epilog="""\b
Examples:
  banners sign-in
  banners sign-in --port 9000
  docker compose exec banner_web_app banners sign-in

The link begins with BANNERS_PUBLIC_URL, or else with this machine's own address. Run the command in
the folder of the server, whose var/session_key signs the link.

Exit status: 0 done, 1 no server was started in this folder, 2 wrong usage, a fault in
the file of passwords, or nobody needs to sign in.""",
)
@port_option("The port of the server, where BANNERS_PUBLIC_URL does not name it.", least=1)
@database_option("Accepted as by every command; signing in needs no database.")
def sign_in(
    port: int,
    database_url: str | None,  # noqa: ARG001  # every command takes it
) -> None:
    """Print a link with which operators sign in.

    It is valid for ten minutes, and signs in the first operator of the file of passwords.
    """
    echo(wiring.sign_in_link(settings_from(), f"http://{LOOPBACK}:{port}"))
