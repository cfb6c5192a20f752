"""Measure where the time of a page goes: ``make bench BENCH=page``, after ``BENCH=serve``.

The work of a worker from the bytes of a request to those of the page runs in this process, without
a server, and each part of it is timed separately. The rest of the time that a served page takes
belongs to the event loop and the system.
"""

import json
import random
import timeit
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from statistics import median
from types import SimpleNamespace
from typing import Any

import click
import data
import uvicorn
from claims import FOLDER, machine
from rich.console import Console
from rich.table import Table
from uvicorn.server import ServerState

from banners.core.addresses import PUBLIC_URL, Site
from banners.core.model import FillPolicy, RuleName
from banners.core.rotation import PAGE_COOKIE, order
from banners.core.rule import line_up
from banners.serve.memory import MemoryReader
from banners.web.app import web_application
from banners.web.hot import protocol
from banners.web.hot.delivery import Delivery
from banners.web.hot.plain import PlainRequests
from banners.web.operators.delays import Delays
from banners.web.operators.sign_ins import SignIns
from banners.web.operators.signing import Signing

_MOMENT = datetime(2026, 1, 1, 10, 5, tzinfo=UTC)
_TIMES = 20_000
_ROUNDS = 7


@click.command()
def page() -> None:
    """Measure where the microseconds of a page go."""
    served = json.loads((FOLDER / "serve.json").read_text(encoding="utf-8"))
    rate = next(
        median(each["rates"])
        for each in served["cases"]
        if (each["server"], each["tier"], each["workers"]) == ("ours", "memory", 1)
        and each["address"] == "page"
    )
    parts = dict(_parts())
    parts["uvloop and the system"] = 1e6 / rate - sum(parts.values())
    result = {"machine": machine(), "rate": rate, "microseconds": parts}
    (FOLDER / "page.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    table = Table("part", "µs", box=None)
    for name, microseconds in parts.items():
        table.add_row(name, f"{microseconds:.1f}")
    Console().print(table)


def _parts() -> Iterator[tuple[str, float]]:
    source = random.Random(1)  # noqa: S311  # as served
    url = data.served(data.make("sample", impressions=150_000, campaigns=50))
    with closing(data.reader(url)) as published, closing(data.reports(url)) as reports:
        memory = MemoryReader(published, most_lineups=1_000)
        memory.load()
        generation = published.active()[data.QUARTER]
        campaign = published.first_of_each_rule(generation, data.QUARTER)[RuleName.TOP_REVENUE]
        found = published.candidates(generation, data.QUARTER, campaign)
        if found is None:
            raise SystemExit(f"Campaign {campaign} has no lineup. Remove {FOLDER} and try again.")
        shown = [each.banner_id for each in line_up(found).banners]
        delivery = web_application(
            reader=memory,
            reports=reports,
            images=data.IMAGES,
            fill=FillPolicy.INVENTORY,
            sign_ins=SignIns(None, Signing("of the bench"), Delays(), Site(PUBLIC_URL)),
            now=lambda: _MOMENT,
            source=source,
            held=memory.held,
        )
        path, cookie = f"/campaigns/{campaign}", b"%d" % shown[0]
        headers = [(b"cookie", f"{PAGE_COOKIE}=".encode() + cookie)]
        request = b"GET %s HTTP/1.1\r\nHost: localhost\r\nCookie: %s\r\n\r\n" % (
            path.encode(),
            headers[0][1],
        )
        connected = connected_to(delivery)
        connected.data_received(request)
        answer = delivery._find(path, b"", (_MOMENT.timestamp(), data.QUARTER))[0]  # type: ignore[index]  # noqa: SLF001
        whole = _microseconds(lambda: connected.data_received(request))
        requests = PlainRequests()
        recognised = _microseconds(lambda: requests.recognise(request))
        at_once = _microseconds(lambda: delivery.answer_at_once(path, b"", headers))
        written = _microseconds(lambda: answer(headers))
        ordered = _microseconds(lambda: order(cookie, shown, source))
        yield "recognising the request", recognised
        yield "finding its answer, counting it", at_once - written
        yield "the order, and the cookie read", ordered
        yield "writing the page and its headers", written - ordered
        yield "joining the bytes, the timeout of the connection", whole - recognised - at_once


def connected_to(delivery: Delivery) -> protocol.DeliveryProtocol:
    """Return a connection as uvicorn makes one, without a client."""
    config = uvicorn.Config(
        delivery, http=protocol.DeliveryProtocol, proxy_headers=False, log_config=None, ws="none"
    )
    config.load()
    state = ServerState()
    state.default_headers = [(b"date", b"Thu, 01 Jan 2026 10:05:00 GMT")]
    timeout = SimpleNamespace(cancel=lambda: None)
    loop: Any = SimpleNamespace(call_later=lambda *_: timeout)
    nobody = {"get_extra_info": lambda *_: None, "is_closing": lambda: False}
    transport: Any = SimpleNamespace(write=lambda _: None, **nobody)
    connected = protocol.DeliveryProtocol(config, state, {}, loop)
    connected.connection_made(transport)
    return connected


def _microseconds(do: Callable[[], object]) -> float:
    """Return the time that a call takes, as the least of several rounds."""
    return min(timeit.repeat(do, number=_TIMES, repeat=_ROUNDS)) / _TIMES * 1e6
