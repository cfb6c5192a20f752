"""Make the drawing and the examples of docs/how-it-works.md: ``python docs/make_how_it_works.py``.

The examples follow one view, one click and one conversion through the code that an installation
runs, with a fixed key and fixed times, so that they are the same each time.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from datetime import UTC
from functools import partial
from pathlib import Path

from click.testing import CliRunner

from banners.cli import main
from banners.collect.close.duckdb_engine import duckdb_closer
from banners.collect.close.run import Closing, close_slots
from banners.collect.conversions.check import conversion_id
from banners.collect.segments.log import EventLog
from banners.collect.segments.names import log_folder, segments_of
from banners.collect.token import Tokens
from banners.core.model import Quarter
from banners.core.slots import SLOT_SECONDS, slot_named
from banners.core.views import Group, Traffic, View, event_id

HERE = Path(__file__).parent
PAGE = HERE / "how-it-works.md"
IMAGE = HERE / "images" / "loop.svg"

_KEY = b"an example, so this key is public"
_SLOT = slot_named("20261126T1445Z")
_VIEW = View(_SLOT, Quarter.FOURTH, 27, 3, Group.RULE, 20_261_126_144_512_345, (414, 251, 98))
_CLEAN = Traffic.CLEAN
_REVENUE = "12.5"

_WIDTH, _HEIGHT = 196, 64
_COLUMNS, _ROWS = (8, 260, 512, 764), (60, 236)
_BOXES = (
    ("Page", "a token describes its view"),
    ("Event log", "segments of each worker"),
    ("Closing", "each event once, by slot"),
    ("Event files", "impressions, clicks, conversions"),
    ("Crunch", "one SQL text, exact decimals"),
    ("Policy", "the rule, or learning"),
    ("Generation", "written, checked, then live"),
    ("Memory of workers", "Redis and database behind it"),
)
"""The steps of the loop, clockwise from the upper left."""
_ARROWS = (
    ("M204 92H260", 232, 144, "what is seen, clicked, bought"),
    ("M456 92H512", 484, 144, "2 minutes after the slot ends"),
    ("M708 92H764", 736, 144, ""),
    ("M862 124V236", 750, 184, "before the quarter comes back"),
    ("M764 268H708", 736, 320, "figures of each banner"),
    ("M512 268H456", 484, 320, "lineups"),
    ("M260 268H204", 232, 320, "within two seconds"),
    ("M106 236V124", 234, 184, "one of the lineups, in random order"),
    ("M106 34V60", 106, 28, "a visitor opens it"),
    ("M358 34V60", 358, 28, "an advertiser reports an order"),
    ("M862 34V60", 862, 28, "or files of your own"),
)
"""The path of each arrow, and the middle and the text of its label."""
_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 968 336" role="img" \
aria-labelledby="title" font-family="system-ui, sans-serif" font-size="13" text-anchor="middle">
<title id="title">The loop, from a page through the event log and a crunch to the next page</title>
<style>
text { fill: #1d2430 } .quiet { fill: #5b6575; font-size: 11px } .name { font-weight: 600 }
rect { fill: none; stroke: #8a94a3 } .hot { stroke: #2563c9; stroke-width: 2 }
.arrow { stroke: #5b6575; fill: none; marker-end: url(#head) } #head path { fill: #5b6575 }
@media (prefers-color-scheme: dark) {
text { fill: #e6eaf0 } .quiet { fill: #9aa5b5 } rect { stroke: #66707f } .hot { stroke: #6ea0f5 }
.arrow { stroke: #9aa5b5 } #head path { fill: #9aa5b5 }
}
</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" \
orient="auto"><path d="M0 0L8 4L0 8Z"/></marker></defs>
"""


def drawing() -> str:
    """Return the loop as an SVG image for light and dark pages."""
    lines = []
    places = [(x, _ROWS[0]) for x in _COLUMNS] + [(x, _ROWS[1]) for x in reversed(_COLUMNS)]
    for number, ((left, top), (name, what)) in enumerate(zip(places, _BOXES, strict=True), 1):
        middle = left + _WIDTH // 2
        # What answers visitors stands out.
        style = ' class="hot"' if left == _COLUMNS[0] else ""
        size = f'width="{_WIDTH}" height="{_HEIGHT}" rx="8"'
        lines += [
            f'<rect{style} x="{left}" y="{top}" {size}/>',
            f'<text class="name" x="{middle}" y="{top + 27}">{number}. {name}</text>',
            f'<text class="quiet" x="{middle}" y="{top + 48}">{what}</text>',
        ]
    for path, x, y, text in _ARROWS:
        lines += [f'<path class="arrow" d="{path}"/>', f'<text x="{x}" y="{y}">{text}</text>']
    return "\n".join([_HEAD + lines[0], *lines[1:], "</svg>", ""])


def examples(folder: Path) -> Mapping[str, str]:
    """Return the examples by name, each made by the code that an installation runs.

    Args:
        folder: an empty folder to work in.
    """
    events = folder / "events"
    tokens = Tokens([_KEY])
    token = tokens.view_token(_VIEW).decode()
    click = event_id(_VIEW.view_id, 2)
    click_token = tokens.click_token(_SLOT, click, _VIEW.campaign_id).decode()
    order = conversion_id("shop", "order-1", click)
    began = _SLOT * SLOT_SECONDS
    log = EventLog(events, "main", clock=lambda: began + 100.0)
    recorded = (
        log.impressions(_VIEW, _CLEAN),
        log.click(_VIEW, 2, _CLEAN),
        log.conversion(_SLOT, order, click, _REVENUE, _VIEW.campaign_id),
    )
    if not (all(recorded) and log.close()):
        raise SystemExit(f"The example could not be recorded: {log.reason}")
    (segment,) = segments_of(log_folder(events) / "main")
    closing = Closing(
        events=events,
        host="main",
        zone=UTC,
        window=72,
        keep_events_seconds=30 * 86_400,
        opened=partial(duckdb_closer, memory="256MB"),
        memory="256MB",
        wait_seconds=0,
    )
    records = segment.path.read_text("utf-8")
    close_slots(closing, began + SLOT_SECONDS + 120.0)
    return {
        "page": f'<a href="/c/{token}/2"><img src="/static/images/image_251.png" …></a>\n'
        f'<img src="/e/{token}" width="1" height="1" …>\n',
        "click": f"Location: https://shop.example/251?click={click_token}\n",
        "order": json.dumps(
            [{"conversion_id": "order-1", "click": click_token, "revenue": "12.50"}]
        )
        + "\n",
        "log": records,
        "files": "".join(
            f"{path.relative_to(events)}\n"
            + "".join(f"  {line}\n" for line in path.read_text("utf-8").splitlines())
            for path in sorted(events.glob("4/*.csv"), key=_kind)
        ),
        "lineup": _lineup(folder),
    }


def _kind(path: Path) -> int:
    return ("impressions", "clicks", "conversions").index(path.name.partition("_")[0])


def _lineup(folder: Path) -> str:
    """Return what ``banners show`` prints for the event files of the example."""
    variables = {name: None for name in os.environ if name.startswith("BANNERS_")}
    given = {"BANNERS_DATABASE_URL": f"sqlite:///{folder}/banners.db", "BANNERS_TIMEZONE": "UTC"}
    runner = CliRunner(env={**variables, **given, "NO_COLOR": "1", "COLUMNS": "100"})
    told = ""
    for words in (["crunch", str(folder / "events"), "--accept"], ["show", "27"]):
        ended = runner.invoke(main, [*words, "--quarter", "4"], catch_exceptions=False)
        if ended.exit_code:
            raise SystemExit(ended.output)
        told = ended.stdout
    return "".join(f"{line.rstrip()}\n" for line in told.splitlines())


def page(text: str, made: Mapping[str, str]) -> str:
    """Return a page with the current examples between their marks."""
    for name, example in made.items():
        head, begin, rest = text.partition(f"<!-- {name} -->\n```\n")
        if not begin:
            raise SystemExit(f"{PAGE} has no place for the example {name}.")
        text = head + begin + example + rest[rest.index("```\n") :]
    return text


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        PAGE.write_text(page(PAGE.read_text("utf-8"), examples(Path(folder))), "utf-8")
    IMAGE.write_text(drawing(), "utf-8")
