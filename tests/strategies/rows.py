"""Random rows of the three kinds, and the faults that a row can have."""

import random
from collections.abc import Callable

from hypothesis import strategies as st

from banners.core.events import Kind

COLUMNS = {kind.value: kind.columns for kind in Kind}

Row = tuple[str, ...] | str
"""The fields in the order of COLUMNS, or a line that is written unchanged."""

Rows = dict[str, list[Row]]

MOST_ID = 10**18 - 1
CAMPAIGNS = (1, 2, 54, MOST_ID)
BANNERS = (*range(1, 21), 10**17, MOST_ID - 1, MOST_ID)
CROWD = range(1001, 1121)
"""More banners than the fill lists, for a campaign with hardly any clicks."""

CONVERTING = (0, 1, 2, 4, 5, 6, 9, 10, 11, 12)
"""Numbers of converting banners on both sides of each edge of the rule."""

BAD_IDS = (
    *("", "0", "000", "-3", "+3", " 7", "7 ", "1.5", "1e3", "1_000", "0x10", "1,2", "x", "NULL"),
    *(
        "²",
        "٣",
        "\uff17",
        "7\u00a0",
        '1"2',
        '"7"',
        "7\x00",
        "7\r",
        "1\r2",
        "0" * 18 + "1",
        "9" * 19,
    ),
)
BAD_REVENUES = (
    *("", "NaN", "nan", "Inf", "-Infinity", "1e3", "1E-2", "0.1234567", "1" * 13, ".5", "5."),
    *("+1", " 1", "1 ", "1,5", "--1", "-", "1.2.3", "1_0", "٣.5", "0.1\r", "$1", '"1"', "1\x00"),
)
REFUNDS = ("-0.000001", "-0.1", "-1", "-999999999999.999999")
ZEROS = ("0", "0.00", "0.000000", "000")
LARGE = ("999999999999.999999", "999999999999.999998", "100000000000")
BROKEN_LINES = (
    *("1", "1,2,3,4,5,6,7", " ", "\t", ",", '""', '"1\n2,3,4"', '1,"2\n1,2,3\n",4,5,6,7', '1,"\n"'),
    *('"1"x,2,3', '"1" ,"2","3"', '"1""2,3,4"', '"1"x"\n', "1\r", "1\x002", '"1\n2"x,"3\n4"'),
    *('"1\n""2\n"",3"', '"1\r\n2,3,4"'),
)

seeds = st.integers(0, 2**32 - 1)


def write_revenue(micros: int) -> str:
    return f"{micros // 10**6}.{micros % 10**6:06}"


positive = st.sampled_from(("0.1", "0.10", "0.2", "0.3", "1", "0.000001")) | st.integers(
    1, 10**12
).map(write_revenue)
revenues = positive | st.sampled_from(ZEROS)
some_revenues = st.lists(revenues, max_size=2)
converting_clicks = st.builds(
    lambda first, more, others: [[first, *more], *others],
    positive,
    some_revenues,
    st.lists(some_revenues, max_size=2),
)
"""The clicks of a converting banner, each with the revenues of its conversions."""
other_clicks = st.lists(st.lists(st.sampled_from(ZEROS), max_size=1), min_size=1, max_size=3)


@st.composite
def clean_rows(draw: st.DrawFn) -> Rows:
    """Draw the events of one to three campaigns that share banners."""
    rows: Rows = {kind: [] for kind in COLUMNS}
    first_id = draw(st.sampled_from((1, 10**17, MOST_ID - 1000)))
    for campaign_id in draw(
        st.lists(st.sampled_from(CAMPAIGNS), min_size=1, max_size=3, unique=True)
    ):
        add_campaign(draw, rows, campaign_id, first_id)
    if rows["conversions"]:
        for _ in range(draw(st.integers(0, 8))):
            row = pick(draw, rows, "conversions")
            put(rows, "conversions", row, (*row[:2], draw(st.sampled_from(LARGE))))
    return rows


def add_campaign(draw: st.DrawFn, rows: Rows, campaign_id: int, first_id: int) -> None:
    """Add a campaign of which some banners convert, some are clicked, and some are only shown."""
    converting = draw(st.sampled_from(CONVERTING))
    clicked = draw(st.integers(0, 6))
    shown = draw(st.integers(0, 5))
    banners = random.Random(draw(seeds)).sample(BANNERS, converting + clicked + shown)
    # Few different figures, so that banners often differ only in their ids.
    figures = st.sampled_from(draw(st.lists(converting_clicks, min_size=1, max_size=6)))
    for place, banner_id in enumerate(banners):
        only_shown = place >= converting + clicked
        impressions = draw(st.integers(1 if only_shown else 0, 2))
        rows["impressions"] += [(str(banner_id), str(campaign_id))] * impressions
        if only_shown:
            continue
        for sums in draw(figures if place < converting else other_clicks):
            click_id = str(first_id + len(rows["clicks"]))
            rows["clicks"].append((click_id, str(banner_id), str(campaign_id)))
            for revenue in sums:
                conversion_id = str(first_id + len(rows["conversions"]))
                rows["conversions"].append((conversion_id, click_id, revenue))
    if draw(st.sampled_from((False, False, True))):
        rows["impressions"] += [(str(banner_id), str(campaign_id)) for banner_id in CROWD]


# Faults


def pick(draw: st.DrawFn, rows: Rows, kind: str) -> tuple[str, ...]:
    """Choose a row with separate fields, or make one up if there is none."""
    whole = [row for row in rows[kind] if isinstance(row, tuple)]
    return draw(st.sampled_from(whole)) if whole else ("1",) * len(COLUMNS[kind])


def put(rows: Rows, kind: str, old: Row, new: Row) -> None:
    """Replace a row by another."""
    if old in rows[kind]:
        rows[kind].remove(old)
    rows[kind].append(new)


def change(draw: st.DrawFn, rows: Rows, kind: str, column: int, text: str) -> None:
    """Change a field of a row, and maybe keep the original row too."""
    row = pick(draw, rows, kind)
    changed = (*row[:column], text, *row[column + 1 :])
    if draw(st.booleans()):
        put(rows, kind, row, changed)
    else:
        rows[kind].append(changed)


def rewrite(text: str) -> str:
    """Write the same number with more zeros, if the text is a number."""
    whole, point, part = text.partition(".")
    if point:
        return f"{whole.zfill(12)}.{part.ljust(6, '0')}" if whole.isdigit() else text
    return whole.zfill(12)


def write_differently(draw: st.DrawFn, rows: Rows) -> None:
    kind = draw(st.sampled_from(tuple(COLUMNS)))
    row = pick(draw, rows, kind)
    put(rows, kind, row, tuple(rewrite(text) for text in row))


def add_copy(draw: st.DrawFn, rows: Rows) -> None:
    kind = draw(st.sampled_from(("clicks", "conversions")))
    row = pick(draw, rows, kind)
    copy = draw(st.sampled_from((row, tuple(rewrite(text) for text in row))))
    rows[kind] += [copy] * draw(st.integers(1, 2))


def add_conflict(draw: st.DrawFn, rows: Rows) -> None:
    kind = draw(st.sampled_from(("clicks", "conversions")))
    row = pick(draw, rows, kind)
    column = draw(st.sampled_from((1, 2)))
    texts = positive if (kind, column) == ("conversions", 2) else st.sampled_from(("1", "2", "54"))
    rows[kind].append((*row[:column], draw(texts), *row[column + 1 :]))


def add_orphan(draw: st.DrawFn, rows: Rows) -> None:
    ids = st.integers(1, MOST_ID).map(str)
    orphan = (draw(ids), draw(ids), draw(revenues))
    rows["conversions"] += [orphan] * draw(st.integers(1, 2))


def add_refund(draw: st.DrawFn, rows: Rows) -> None:
    change(draw, rows, "conversions", 2, draw(st.sampled_from(REFUNDS)))


def add_new_refund(draw: st.DrawFn, rows: Rows) -> None:
    new_id = str(draw(st.integers(1, MOST_ID)))
    click_id = draw(st.sampled_from((pick(draw, rows, "clicks")[0], new_id)))
    refund = (new_id, click_id, draw(st.sampled_from(REFUNDS)))
    rows["conversions"] += [refund] * draw(st.integers(1, 2))


def add_negative_zero(draw: st.DrawFn, rows: Rows) -> None:
    change(draw, rows, "conversions", 2, draw(st.sampled_from(("-0", "-0.00", "-000.000000"))))


def add_bad_id(draw: st.DrawFn, rows: Rows) -> None:
    kind = draw(st.sampled_from(tuple(COLUMNS)))
    columns = [place for place, name in enumerate(COLUMNS[kind]) if name != "revenue"]
    change(draw, rows, kind, draw(st.sampled_from(columns)), draw(st.sampled_from(BAD_IDS)))


def add_bad_revenue(draw: st.DrawFn, rows: Rows) -> None:
    change(draw, rows, "conversions", 2, draw(st.sampled_from(BAD_REVENUES)))


def add_broken_line(draw: st.DrawFn, rows: Rows) -> None:
    kind = draw(st.sampled_from(tuple(COLUMNS)))
    rows[kind].append(draw(st.sampled_from(BROKEN_LINES)))


FAULTS: tuple[Callable[[st.DrawFn, Rows], None], ...] = (
    write_differently,
    add_copy,
    add_conflict,
    add_orphan,
    add_refund,
    add_new_refund,
    add_negative_zero,
    add_bad_id,
    add_bad_revenue,
    add_broken_line,
)
