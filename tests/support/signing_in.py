"""An application to sign in to, without any banners if none are given."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from banners.serve.reader import LineupReader
from support.answers import Clock, application_over
from support.operators import Office
from support.running import serving
from support.unreachable import Unreachable

STATUS = "/status"
"""A page that operators alone may see."""


@contextmanager
def opened(
    office: Office, folder: Path, reader: LineupReader | None = None, *, in_memory: bool = False
) -> Iterator[httpx.Client]:
    """Serve the application, and yield a browser."""
    application = application_over(
        *(reader or Unreachable(), folder, Clock().now),
        in_memory=in_memory,
        sign_ins=office.sign_ins,
    )
    with serving(application) as address, httpx.Client(base_url=address, timeout=60) as client:
        yield client


def may_enter(client: httpx.Client) -> bool:
    return client.get(STATUS).status_code == 200
