"""Why claims miss their bars."""

_COPY = (
    "A start with 63 lineups takes 1.4 s; the rest is making the copy, for which a million records "
    "are read and checked."
)
_LOADED = (
    "Two workers and the load generator share two cores, so a page also waits for its turn of the "
    "processor. The table of [larger results]"
    "(performance-serving.md#larger-results-and-a-new-generation) has the p99 at half the rate."
)
REASONS = {
    "start, 999,949 lineups, shared": _COPY,
    "start, 999,949 lineups, shared, over MariaDB": _COPY,
    "their p99, 999,949 lineups, shared": _LOADED,
    "their p99, 999,949 lineups, shared, over MariaDB": _LOADED,
    "crunch / bare scan": "Both cores are busy with what a bare scan does not do: checking the "
    "files, the rule, and publishing ([the steps](performance-crunch.md)).",
    "sample, complete process": "About half of it is the import of libraries. A tenth goes to the "
    "5,000 images of the benchmark, each of which is opened to see whether it can be shown.",
    "12 campaigns of 40: prepared / draws alone": "Half a millisecond of each publish is the same "
    "however many campaigns there are, and counts where there are so few.",
    "click in the loop / nginx": "A click waits until the disk has confirmed it, and other work "
    "wrote to the same disk; nginx's log waits for nothing.",
    "visit / plain design": "The plain design keeps its connection to the database; with one for "
    "each image, it recorded 13 images a second in place of 1,000. What limits Banners here is not "
    "known yet; wrk reads each page in Lua, on one of the two cores.",
    "closing and crunching a slot / bare scan": "Closing reads and checks each "
    "record, sorts, and writes what the scan reads; the crunch reads it again, with checks that a "
    "scan does not make. [Parquet makes it slower](adr/0035-closing.md).",
    "banners show": "Half of it is the import of SQLAlchemy "
    "(`.venv/bin/python -X importtime -m banners show 1`).",
}
"""Why a claim misses its bar, for those where that is known."""
