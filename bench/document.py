"""Brings the figures into the documentation: ``make bench BENCH=document``.

``docs/performance.json`` holds what the last runs gave; the tables of ``docs/performance.md``, the
figures of ``README.md`` and the picture are made from it and nothing else.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import click
from claims import FOLDER
from plot import bars

DOCS = Path(__file__).parents[1] / "docs"
FIGURES = DOCS / "performance.json"
PAGE = DOCS / "performance.md"
README = DOCS.parent / "README.md"
PICTURE = DOCS / "pictures" / "serving.svg"
PARTS = ("serve", "page", "crunch")

FIRST = {
    "page / nginx": "**{:.0%}** of the pages a second that nginx sends from a file",
    "JSON / nginx": "**{:.0%}** of what nginx sends of a campaign's JSON",
    "page / plain design": "**{:.0f} times** the pages a second of the plain design: Flask under "
    "gunicorn, Redis before MariaDB",
    "p99 of the page at half the rate / nginx": "**{:.1f} times** nginx's p99 at half the rate",
    "Spark local[2] / DuckDB, large": "**{:.0f} times** as fast a crunch by DuckDB as by Spark on "
    "the same machine, with the same SQL",
}
"""The figures of the README, in words."""

Result = Mapping[str, Any]


@click.command()
def document() -> None:
    """Bring the figures of the last runs into docs/performance.md and README.md."""
    told = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    for part in PARTS:
        path = FOLDER / f"{part}.json"
        if path.exists():
            told[part] = json.loads(path.read_text(encoding="utf-8"))
    FIGURES.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), told), encoding="utf-8")
    README.write_text(filled_first(README.read_text(encoding="utf-8"), told), encoding="utf-8")
    PICTURE.write_text(picture(told), encoding="utf-8")
    names = (FIGURES.name, PAGE.name, README.name)
    click.echo(f"Written to {', '.join(names)} and {PICTURE.name}.")


def filled(page: str, told: Result) -> str:
    """Write a page anew: between two marks, what the figures say.

    Args:
        page: has marks such as ``<!-- claims -->`` and ``<!-- end of claims -->``.
        told: the results, by part.

    Raises:
        SystemExit: a mark is not there.
    """
    for name, text in {
        "machine": _machine(told["serve"]),
        "claims": _claims(each for part in PARTS for each in told.get(part, {}).get("claims", [])),
        "serving": _serving(told["serve"]),
        "page": _page(told["page"]["microseconds"]),
        "sizes": _sizes(told["serve"]),
        "crunch": _crunch(told["crunch"]),
        "steps": _steps(told["crunch"]["steps"]),
    }.items():
        page = _between(page, name, text)
    return page


def filled_first(page: str, told: Result) -> str:
    """Write the page that is read first anew, likewise.

    Args:
        page: has the mark ``<!-- figures -->``, and that of its end.
        told: the results, by part.

    Raises:
        SystemExit: a mark is not there.
    """
    found = {each["what"]: each for part in PARTS for each in told[part].get("claims", [])}
    lines = [f"- {words.format(found[name]['found'])}\n" for name, words in FIRST.items()]
    machine = told["serve"]["machine"]
    where = f"On {machine['processors']} cores, shared with what asks, and Python "
    return _between(page, "figures", f"{where}{machine['python']}:\n\n{''.join(lines)}\n")


def _between(page: str, name: str, text: str) -> str:
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    head, found, rest = page.partition(begin)
    _, ended, tail = rest.partition(end)
    if not found or not ended:
        raise SystemExit(f"There is no {begin.strip()} with an {end} behind it.")
    return head + begin + text + end + tail


def picture(told: Result) -> str:
    """Draw the rates, as shares of nginx's."""
    rates = {
        (each["server"], each["tier"], each["workers"], each["address"]): median(each["rates"])
        for each in told["serve"]["cases"]
        if each["pace"] == "full"
    }
    groups = {
        address: [
            (tier, rates["ours", tier, 2, address] / rates["nginx", "", 2, address])
            for tier in ("memory", "Redis", "database")
            if ("ours", tier, 2, address) in rates
        ]
        for address in ("page", "banner", "JSON", "image")
    }
    longest = max(length for group in groups.values() for _, length in group)
    return bars(
        "Requests a second, as a share of nginx's",
        "Two workers each; from memory, and where each campaign has to be fetched first.",
        groups,
        max(1.0, longest),
    )


def _machine(serve: Result) -> str:
    machine = serve["machine"]
    return (
        f"{machine['processors']} cores, {machine['memory_gb']} GB, Python {machine['python']}, "
        f"{machine['system']}; wrk on the same machine. Serving: medians of "
        f"{serve['rounds']} rounds of {serve['seconds']} s each.\n"
    )


def _claims(claims: Iterable[Result]) -> str:
    rows = (
        (
            each["what"],
            f"{each['found']:.2f} {each['unit']}",
            f"{'≥' if each['at_least'] else '≤'} {each['bar']:g} {each['unit']}",
            "yes" if each["held"] else "**no**",
        )
        for each in claims
    )
    return _table(("what", "found", "bar", "held"), rows)


def _serving(serve: Result) -> str:
    nginx = {each["address"]: median(each["rates"]) for each in _of(serve, "nginx")}
    rows = (
        (
            each["server"] if each["server"] != "ours" else "Banners",
            each["tier"],
            str(each["workers"]),
            each["address"] + (" at half the rate" if each["pace"] == "half" else ""),
            f"{median(each['rates']):,.0f}",
            f"{min(each['rates']):,.0f} to {max(each['rates']):,.0f}",
            f"{median(each['rates']) / nginx[each['address']]:.2f}",
            f"{median(each['p99_ms']):.2f}",
            f"{max(each['busiest']):.0%}" if each["busiest"] else "",
        )
        for each in serve["cases"]
    )
    head = ("server", "tier", "workers", "address", "requests/s", "spread", "of nginx's")
    return _table((*head, "p99, ms", "busiest worker"), rows, right=5)


def _of(serve: Result, server: str) -> Iterator[Result]:
    return (each for each in serve["cases"] if each["server"] == server and each["pace"] == "full")


def _page(microseconds: Mapping[str, float]) -> str:
    whole = sum(microseconds.values())
    rows = ((part, f"{each:.1f}", f"{each / whole:.0%}") for part, each in microseconds.items())
    return _table(("part", "µs", "share"), rows)


def _sizes(serve: Result) -> str:
    rows = (
        (
            f"{each['lineups']:,}, {'whole' if each['whole'] else 'read through'}",
            f"{each['ready_seconds']:.1f}",
            f"{each['memory_mb']:.0f}",
            f"{max(each['peak_mb'], each['switched_mb']):.0f}",
            f"{median(each['switch_seconds']):.2f}",
            f"{median(each['calm_p99_ms']):.2f}",
            f"{median(each['switch_p99_ms']):.2f}",
            f"{max(each['switch_max_ms']):.0f}",
            f"{median(each['rates']):,.0f}",
            *_cold(each["cold"]),
        )
        for each in serve["sizes"]
    )
    head = ("lineups", "start, s", "MB a worker", "at the most", "switch, s", "p99, ms")
    more = ("while switching", "longest", "hot/s", "cold/s", "cold p99, ms", "at half the rate")
    return _table((*head, *more), rows, right=2)


def _cold(cold: Result) -> tuple[str, str, str]:
    if not cold["full"]:
        return "", "", ""
    rate = median(each["requests"] / each["seconds"] for each in cold["full"])
    full, half = (median(each["p99_ms"] for each in cold[pace]) for pace in ("full", "half"))
    return f"{rate:,.0f}", f"{full:.1f}", f"{half:.1f}"


def _crunch(crunch: Result) -> str:
    rows = (
        (
            name,
            str(len(each["seconds"])),
            f"{median(each['seconds']):.2f}",
            f"{min(each['seconds']):.2f} to {max(each['seconds']):.2f}",
            f"{min(each['cpu_seconds']):.2f}",
            f"{max(each['peak_mb']):,.0f}",
        )
        for name, each in crunch["figures"].items()
    )
    return _table(("command", "runs", "seconds", "spread", "of processors", "MB at the most"), rows)


def _steps(steps: Mapping[str, float]) -> str:
    whole = sum(steps.values())
    rows = ((step, f"{seconds:.2f}", f"{seconds / whole:.0%}") for step, seconds in steps.items())
    return _table(("step", "seconds", "share"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]], right: int = 2) -> str:
    """Write a table in Markdown, with columns from ``right`` on to the right."""
    rule = tuple("---:" if place >= right else "---" for place in range(1, len(head) + 1))
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *rows))
