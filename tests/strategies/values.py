"""Small random quarters of events, for tests that compare an engine with the reference.

Each strategy yields the files of one quarter as a mapping from path to content, such as
``1/clicks_1.csv`` to its bytes; :func:`write` puts them into a folder.

- :func:`clean_quarters`: without faults; ties, all four cases of the rule and the boundaries
  between them occur often.
- :func:`dirty_quarters`: every fault that a row can have, in files of every accepted form.
- :func:`refused_quarters`: the same with one fault for which the quarter is refused.

The sum of the accepted revenues of a quarter stays below 9e12, because the program counts
millionths in 64-bit integers.
"""

import gzip
import random
from pathlib import Path

from hypothesis import strategies as st

from strategies.files import BREAKS, Form, files_of_a_kind, write_csv
from strategies.rows import COLUMNS, FAULTS, Rows, clean_rows, seeds

Events = dict[str, bytes]
"""The files of a quarter, by their paths below the events folder."""


def write(events: Events, folder: Path) -> None:
    """Write the files of a quarter into a folder, beside its other files."""
    for name, content in events.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@st.composite
def clean_quarters(draw: st.DrawFn, quarter: int = 1) -> Events:
    """Draw one plain file without faults for each kind."""
    rows = draw(clean_rows())
    shuffle(rows, draw(seeds))
    return {
        f"{quarter}/{kind}_{quarter}.csv": write_csv(columns, rows[kind], Form(columns))
        for kind, columns in COLUMNS.items()
    }


@st.composite
def dirty_quarters(draw: st.DrawFn, quarter: int = 1) -> Events:
    """Draw faulty rows in files of every accepted form; the quarter is never refused."""
    rows = draw(clean_rows())
    for add_fault in draw(st.lists(st.sampled_from(FAULTS), min_size=3, max_size=12)):
        add_fault(draw, rows)
    shuffle(rows, draw(seeds))
    return {
        f"{quarter}/{name}": content
        for kind, columns in COLUMNS.items()
        for name, content in draw(files_of_a_kind(f"{kind}_{quarter}", columns, rows[kind])).items()
    }


@st.composite
def refused_quarters(draw: st.DrawFn, quarter: int = 1) -> Events:
    """Draw a dirty quarter of which one file, or one kind, cannot be used."""
    events = draw(dirty_quarters(quarter))
    kind = draw(st.sampled_from(tuple(COLUMNS)))
    names = sorted(name for name in events if name.lower().startswith(f"{quarter}/{kind}"))
    break_file = draw(st.sampled_from((None, *BREAKS)))
    if break_file is None:
        return {name: events[name] for name in events if name not in names}
    name = draw(st.sampled_from(names))
    content = events.pop(name)
    if name.endswith(".gz"):
        content = gzip.decompress(content)
    broken = break_file(content, COLUMNS[kind][0].encode())
    return events | {f"{name.removesuffix('.gz')}_broken{BREAKS[break_file]}": broken}


def shuffle(rows: Rows, seed: int) -> None:
    for events in rows.values():
        random.Random(seed).shuffle(events)
