"""Random small event folders, for tests that hold an engine against the reference.

Each strategy yields the files of one quarter as a mapping from path to content, such as
``1/clicks_1.csv`` to its bytes; :func:`write` puts them into a folder.

- :func:`clean_quarters`: nothing to complain of; made so that ties, all four cases of the rule and
  the edges between them come up often.
- :func:`dirty_quarters`: every fault that a row can have, in files of every accepted form.
- :func:`refused_quarters`: the same with one fault for which the quarter is refused whole.

The accepted revenues of a quarter together stay below 9e12, since the program counts in millionths
in 64-bit integers.
"""

import gzip
import random
from pathlib import Path

from hypothesis import strategies as st

from strategies_files import BREAKS, Form, files_of_a_kind, write_csv
from strategies_rows import COLUMNS, FAULTS, Rows, clean_rows, seeds

Events = dict[str, bytes]
"""The files of a quarter, by their paths below the folder of events."""


def write(events: Events, folder: Path) -> None:
    """Write a quarter's files into a folder, beside what is there already."""
    for name, content in events.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@st.composite
def clean_quarters(draw: st.DrawFn, quarter: int = 1) -> Events:
    """One plain file of each kind with nothing to complain of."""
    rows = draw(clean_rows())
    shuffle(rows, draw(seeds))
    return {
        f"{quarter}/{kind}_{quarter}.csv": write_csv(columns, rows[kind], Form(columns))
        for kind, columns in COLUMNS.items()
    }


@st.composite
def dirty_quarters(draw: st.DrawFn, quarter: int = 1) -> Events:
    """Faulty rows in files of every accepted form; the quarter as such is never refused."""
    rows = draw(clean_rows())
    for give_fault in draw(st.lists(st.sampled_from(FAULTS), min_size=3, max_size=12)):
        give_fault(draw, rows)
    shuffle(rows, draw(seeds))
    return {
        f"{quarter}/{name}": content
        for kind, columns in COLUMNS.items()
        for name, content in draw(files_of_a_kind(f"{kind}_{quarter}", columns, rows[kind])).items()
    }


@st.composite
def refused_quarters(draw: st.DrawFn, quarter: int = 1) -> Events:
    """A dirty quarter of which one file, or one kind, cannot be used."""
    events = draw(dirty_quarters(quarter))
    kind = draw(st.sampled_from(tuple(COLUMNS)))
    names = sorted(name for name in events if name.startswith(f"{quarter}/{kind}"))
    break_file = draw(st.sampled_from((None, *BREAKS)))
    if break_file is None:
        return {name: events[name] for name in events if name not in names}
    name = draw(st.sampled_from(names))
    content = events.pop(name)
    if name.endswith(".gz"):
        content = gzip.decompress(content)
    broken = break_file(content, COLUMNS[kind][0].encode())
    return events | {name.split(".")[0] + BREAKS[break_file]: broken}


def shuffle(rows: Rows, seed: int) -> None:
    for events in rows.values():
        random.Random(seed).shuffle(events)
