"""Update the figures in the documentation: ``make bench BENCH=document``.

``docs/performance.json`` holds the results of the last runs. The tables of the pages on
performance, the figures of ``README.md`` and the image are made from it alone.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import click
from claims import FOLDER
from plot import bars
from reasons import REASONS

DOCS = Path(__file__).parents[1] / "docs"
FIGURES = DOCS / "performance.json"
PAGES = {
    DOCS / "performance.md": ("machine", "claims", "missed"),
    DOCS / "performance-serving.md": ("serving", "page", "sizes", "million"),
    DOCS / "performance-loop.md": ("loop", "policy"),
    DOCS / "performance-crunch.md": ("crunch", "steps", "spark"),
}
"""The tables of each page."""
README = DOCS.parent / "README.md"
IMAGE = DOCS / "images" / "serving.svg"
PARTS = ("serve", "million", "page", "crunch", "spark", "loop", "policy")

README_CLAIMS = {
    "page / nginx": (
        "{:.0%}",
        "of the pages a second that nginx sends from a file",
    ),
    "JSON / nginx": (
        "{:.0%}",
        "of the JSON answers a second that nginx sends from a file",
    ),
    "page / plain design": (
        "{:.0f} times",
        "the pages a second of the plain design: Flask under gunicorn, Redis before MariaDB",
    ),
    "p99 of the page at half the rate / nginx": (
        "{:.1f} times",
        "nginx's p99 latency, with both at half of Banners' full rate",
    ),
    "Spark local[2] / DuckDB, large": (
        "{:.0f} times",
        "as fast: DuckDB compared with Spark, for the same crunch on the same machine",
    ),
    "closing and crunching a slot / bare scan": (
        "{:.0f} times",
        "as long as a bare scan of the files: closing and crunching a slot of ten million events",
    ),
}
"""The claims of the README: how each figure is written, and the words that follow it."""

Result = Mapping[str, Any]
_NOT_YET = "These figures have not been measured yet.\n"


@click.command()
def document() -> None:
    """Write the figures of the last runs into docs/performance*.md and README.md."""
    results = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    for part in PARTS:
        path = FOLDER / f"{part}.json"
        if path.exists():
            results[part] = json.loads(path.read_text(encoding="utf-8"))
    FIGURES.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    for page, names in PAGES.items():
        page.write_text(filled(page.read_text(encoding="utf-8"), names, results), encoding="utf-8")
    README.write_text(filled_readme(README.read_text(encoding="utf-8"), results), encoding="utf-8")
    IMAGE.write_text(image(results), encoding="utf-8")
    written = (FIGURES.name, *(page.name for page in PAGES), README.name)
    click.echo(f"Written to {', '.join(written)} and {IMAGE.name}.")


def filled(page: str, names: Iterable[str], results: Result) -> str:
    """Return a page with its tables updated.

    Args:
        page: the page; each table lies between marks such as ``<!-- claims -->`` and
            ``<!-- end of claims -->``.
        names: the names of its tables.
        results: the results by part.

    Raises:
        SystemExit: a mark is missing.
    """
    claims = [each for part in PARTS for each in results.get(part, {}).get("claims", [])]
    texts = {
        "machine": _machine(results["serve"]),
        "claims": _claims(claims),
        "missed": _missed(claims),
        "serving": _serving(results["serve"]),
        "page": _page(results["page"]["microseconds"]),
        "sizes": _sizes(results["serve"]),
        "million": _sizes(results.get("million")),
        "crunch": _crunch(results["crunch"]),
        "steps": _steps(results["crunch"]["steps"]),
        "spark": _spark(results.get("spark")),
        "loop": _loop(results.get("loop")),
        "policy": _policy(results.get("policy")),
    }
    for name in names:
        page = _between(page, name, texts[name])
    return page


def filled_readme(page: str, results: Result) -> str:
    """Return the README with its figures updated.

    Args:
        page: the README; its figures lie between the marks ``<!-- figures -->`` and
            ``<!-- end of figures -->``.
        results: the results by part.

    Raises:
        SystemExit: a mark is missing.
    """
    claims = (each for part in PARTS for each in results.get(part, {}).get("claims", []))
    found = {each["what"]: each for each in claims}
    lines = (_readme_line(found[name], *words) for name, words in README_CLAIMS.items())
    machine = results["serve"]["machine"]
    where = f"On {machine['processors']} cores, shared with the load generator, and Python "
    return _between(page, "figures", f"{where}{machine['python']}:\n\n{''.join(lines)}\n")


def _readme_line(claim: Result, figure: str, words: str) -> str:
    bar = "at least" if claim["at_least"] else "at most"
    missed = "" if claim["held"] else f" (missed: the bar is {bar} {figure.format(claim['bar'])})"
    return f"- **{figure.format(claim['found'])}** {words}{missed}\n"


def _between(page: str, name: str, text: str) -> str:
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    head, found, rest = page.partition(begin)
    _, ended, tail = rest.partition(end)
    if not found or not ended:
        raise SystemExit(
            f"Found no {begin.strip()} followed by {end}. Restore both marks in the page."
        )
    return head + begin + text + end + tail


def image(results: Result) -> str:
    """Return an SVG of the rates, as shares of nginx's."""
    rates = {
        (each["server"], each["tier"], each["workers"], each["address"]): median(each["rates"])
        for each in results["serve"]["cases"]
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
        "Two workers each; from memory, and with each campaign fetched from Redis or the database.",
        groups,
        max(1.0, longest),
    )


def _machine(serve: Result) -> str:
    return (
        f"{_described(serve['machine'])}; wrk on the same machine. Serving: medians of "
        f"{serve['rounds']} rounds of {serve['seconds']} s each.\n"
    )


def _described(machine: Result) -> str:
    return (
        f"{machine['processors']} cores, {machine['memory_gb']} GB, Python {machine['python']}, "
        f"{machine['system']}"
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


def _missed(claims: Iterable[Result]) -> str:
    missed: dict[str, list[str]] = {}
    for claim in claims:
        if not claim["held"]:
            reason = REASONS.get(claim["what"], "The reason is not known yet.")
            missed.setdefault(reason, []).append(f"**{claim['what']}**")
    lines = (f"- {', '.join(names)}: {reason}\n" for reason, names in missed.items())
    return "".join(lines) or "None.\n"


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


def _sizes(measured: Result | None) -> str:
    if measured is None:
        return _NOT_YET
    rows = (
        (
            f"{each['lineups']:,}, {_kept(each)}",
            f"{each['ready_seconds']:.1f}",
            f"{each['memory_mb']:.0f}",
            f"{max(each['peak_mb'], each['switched_mb']):.0f}",
            f"{each['further_mb']:.0f}",
            f"{median(each['switch_seconds']):.2f}",
            f"{median(each['calm_p99_ms']):.2f}",
            f"{median(each['switch_p99_ms']):.2f}",
            f"{max(each['switch_max_ms']):.0f}",
            f"{median(each['rates']):,.0f}" if each["rates"] else "",
            *_cold(each["cold"]),
        )
        for each in measured["sizes"]
    )
    head = ("lineups", "start, s", "MB a worker", "peak MB", "private MB", "switch, s", "p99, ms")
    more = ("while switching", "longest", "hot/s", "cold/s", "cold p99, ms", "at half the rate")
    return _table((*head, *more), rows, right=2)


def _kept(size: Result) -> str:
    return "shared" if size["shared"] else "all in memory" if size["whole"] else "read through"


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
    return _table(("command", "runs", "seconds", "spread", "processor seconds", "peak MB"), rows)


def _loop(loop: Result | None) -> str:
    if loop is None:
        return _NOT_YET
    rates = (
        (
            each["server"] if each["server"] != "ours" else "Banners",
            each["address"],
            f"{median(each['rates']):,.0f}",
            f"{min(each['rates']):,.0f} to {max(each['rates']):,.0f}",
            f"{median(each['p99_ms']):.2f}",
        )
        for each in loop["cases"]
    )
    closed, bounds = loop["closing"], loop["bounds"]
    work = (
        (f"bare scan of {closed['events']:,} events of one slot", closed["scan_seconds"]),
        ("closing the slot", closed["close_seconds"]),
        ("crunching and publishing it", closed["crunch_seconds"]),
        (
            f"closing {closed['day_slots']} slots of {closed['day_events']:,} events in all",
            closed["day_seconds"],
        ),
    )
    limits = (
        ("memory of a worker that records nothing, MB", f"{bounds['worker_mb']:.0f}"),
        ("memory of a worker that has recorded for a while, MB", f"{bounds['recording_mb']:.0f}"),
        ("memory of an open connection, kB", f"{bounds['connection_kb']:.1f}"),
        ("files that recording keeps open in a worker", str(bounds["more_files"])),
        ("bytes of the event log for a view that was seen", f"{bounds['view_bytes']:.0f}"),
        ("bytes of the event log for a click", f"{bounds['click_bytes']:.0f}"),
        ("peak memory of closing, MB", f"{closed['close_mb']:.0f}"),
    )
    syncs = f"{median(loop['sync_ms']):.2f}"
    others = "nothing else ran"
    if loop["load"] >= 1:
        others = f"other work ran beside it (load average {loop['load']:.0f} before the run)"
    return "\n".join(
        (
            f"{_described(loop['machine'])}; {others}. Medians of {loop['rounds']} rounds.\n",
            _table(("server", "address", "a second", "spread", "p99, ms"), rates, right=3),
            f"One `fdatasync` of the disk took {syncs} ms in this run.\n",
            _table(("work", "seconds"), ((what, f"{each:.2f}") for what, each in work)),
            _table(("what recording takes", "figure"), limits),
        )
    )


def _policy(policy: Result | None) -> str:
    if policy is None:
        return _NOT_YET
    served = (
        (
            each["address"] + (", recorded" if each["recorded"] else ""),
            f"{each['rule']:.1f}",
            f"{each['lineups']:.1f}",
            f"{each['ratio']:.3f}",
        )
        for each in policy["served"]
    )
    prepared = (
        (
            f"{each['campaigns']:,}",
            str(each["candidates"]),
            f"{each['draws']:,.0f}",
            f"{each['prepared'] + each['sums']:,.0f}",
            f"{each['ratio']:.2f}",
        )
        for each in policy["figures"]
    )
    served_head = ("answer", "rule, µs", "64 lineups, µs", "ratio")
    prepared_head = ("campaigns", "candidates", "draws alone, µs", "all, µs", "ratio")
    return f"{_table(served_head, served)}\n{_table(prepared_head, prepared, right=1)}"


def _steps(steps: Mapping[str, float]) -> str:
    whole = sum(steps.values())
    rows = ((step, f"{seconds:.2f}", f"{seconds / whole:.0%}") for step, seconds in steps.items())
    return _table(("step", "seconds", "share"), rows)


def _spark(spark: Result | None) -> str:
    if spark is None:
        return _NOT_YET
    rows = (
        (name, f"{median(seconds):.1f}", f"{median(driver):.1f}")
        for name, runs in spark["runs"].items()
        for seconds, driver in [zip(*runs, strict=True)]
    )
    return _table(("work, workers", "seconds", "processor seconds of the driver"), rows)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]], right: int = 2) -> str:
    """Return a table in Markdown; column number ``right`` and the later ones align right."""
    rule = tuple("---:" if place >= right else "---" for place in range(1, len(head) + 1))
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, rule, *rows))
