"""The sentences of a report say what the figures say."""

import pytest

from banners.core.figures import Figures
from banners.core.model import FillPolicy, Generation, Lineup, Performance, Quarter, RuleName
from banners.reports.figures import Row, Shown
from banners.reports.sentences import cut_sentence, explain, explain_fill, share_sentence


def lineup_of(
    shown: int, others: tuple[int, ...] = (), rule: RuleName = RuleName.MOST_CLICKS, x: int = 0
) -> Lineup:
    """A lineup of the banners 1, 2, 3 … with the other candidates given."""
    banners = tuple(
        Performance(1, 1, 0, 0, banner_id=banner_id) for banner_id in range(1, shown + 1)
    )
    return Lineup(7, Quarter.FIRST, Generation(1, ""), rule, x, 5, banners, others)


def row(place: int, revenue: int, *, picked: bool, clicks: int = 2) -> Row:
    return Row(
        place=place,
        banner_id=100 + place,
        position=place if picked else None,
        shown=Shown.LINEUP if picked else Shown.NO,
        figures=Figures(10, clicks, 1, revenue * 1_000_000),
    )


def rows(count: int, picked: int) -> list[Row]:
    return [row(place, 100 - place, picked=place <= picked) for place in range(1, count + 1)]


@pytest.mark.parametrize(
    ("rule", "converting", "shown", "sentence"),
    [
        ("top_revenue", 10, 10, "Ten banners earned something, so the ten with the most revenue"),
        ("most_clicks", 0, 1, "so the only one that was clicked is shown."),
        ("top_revenue", 11, 10, "11 banners earned something, so the ten with the most revenue"),
        ("top_revenue", 44, 10, "44 banners earned something, so the ten with the most revenue"),
        ("all_converting", 7, 7, "Seven banners earned something, so all of these are shown."),
        (
            *("revenue_then_clicks", 1, 5),
            "One banner earned something, so it is shown, and then the four with the most clicks.",
        ),
        ("revenue_then_clicks", 4, 5, "so these are shown, and then the one with the most clicks."),
        (
            "revenue_then_clicks",
            2,
            3,
            "these are shown, and then the only other one that was clicked.",
        ),
        ("revenue_then_clicks", 1, 3, "it is shown, and then the two others that were clicked."),
        ("revenue_then_clicks", 2, 2, "and then nothing more, since no other was clicked."),
        ("most_clicks", 0, 5, "so the five with the most clicks are shown."),
        ("most_clicks", 0, 3, "so the three that were clicked are shown."),
        ("most_clicks", 0, 0, "No banner earned anything, and none was clicked either."),
    ],
)
def test_the_rule_is_explained_in_a_sentence_that_fits_what_is_shown(
    rule: str, converting: int, shown: int, sentence: str
) -> None:
    assert sentence in explain(lineup_of(shown, rule=RuleName(rule), x=converting))


@pytest.mark.parametrize(
    ("shown", "own", "policy", "sentence"),
    [
        (5, 0, "inventory", ""),
        (10, 0, "none", ""),
        (3, 4, "none", "Nothing is added, since lineups are not filled up."),
        (3, 0, "campaign", "Nothing is added, since the campaign has no other banner."),
        (0, 0, "campaign", "Nothing is shown, since the campaign has no banner."),
        (3, 3, "inventory", "Two more are drawn at random from the campaign's three other banners"),
        (
            4,
            100,
            "campaign",
            "One more is drawn at random from 100 of the campaign's other banners",
        ),
        (3, 2, "inventory", "Two more are added: the campaign's other two."),
        (4, 1, "inventory", "One more is added: the campaign's only other banner."),
        (2, 1, "campaign", "One more is added: the campaign's only other banner."),
        (1, 2, "campaign", "Two more are added: the campaign's other two."),
        (
            2,
            0,
            "inventory",
            "Three more are added: drawn at random from all banners of the quarter",
        ),
        (
            1,
            2,
            "inventory",
            "Four more are added: the campaign's other two, and two drawn at random",
        ),
        (3, 1, "inventory", "the campaign's only other banner, and one drawn at random from all"),
        (0, 3, "campaign", "Three are shown: the campaign's three banners."),
        (0, 1, "campaign", "One is shown: the campaign's only banner."),
        (0, 6, "campaign", "Five are drawn at random from the campaign's six banners, afresh"),
        (
            0,
            2,
            "inventory",
            "Five are shown: the campaign's two banners, and three drawn at random",
        ),
    ],
)
def test_the_fill_is_explained_in_a_sentence_that_fits_where_it_comes_from(
    shown: int, own: int, policy: str, sentence: str
) -> None:
    lineup = lineup_of(shown, tuple(range(100, 100 + own)))
    explained = explain_fill(lineup, FillPolicy(policy))
    assert sentence in explained
    assert explained[-1:] == ("." if sentence else "")


@pytest.mark.parametrize(
    ("last", "first_out", "sentence"),
    [
        ((9, 2), (8, 7), "earned 9.00; banner 102, the first left out, 8.00."),
        ((9, 3), (9, 2), "both earned 9.00; clicks decided, 3 to 2."),
        ((9, 1), (9, 1), "both earned 9.00 and were clicked once; the smaller id decided."),
        ((0, 2), (0, 2), "both earned nothing and were clicked twice; the smaller id decided."),
        ((0, 5), (0, 4), "both earned nothing; clicks decided, 5 to 4."),
        ((9, 2), (0, 0), "None of the others was clicked."),
    ],
)
def test_the_cut_is_explained_by_what_decided(
    last: tuple[int, int], first_out: tuple[int, int], sentence: str
) -> None:
    both = [
        row(1, last[0], picked=True, clicks=last[1]),
        row(2, first_out[0], picked=False, clicks=first_out[1]),
    ]
    assert cut_sentence(both).endswith(sentence)


def test_without_banners_left_out_there_is_nothing_to_explain() -> None:
    assert cut_sentence(rows(3, 3)) == cut_sentence(rows(3, 0)) == ""


def test_the_lineups_share_is_stated_where_there_is_revenue() -> None:
    whole = Figures(1_000, 9, 9, 8_000_000)
    assert share_sentence(whole, Figures(250, 9, 9, 6_000_000)) == (
        "The lineup earned 75.00\N{NO-BREAK SPACE}% of the campaign's revenue, with "
        "25.00\N{NO-BREAK SPACE}% of its impressions."
    )
    assert share_sentence(Figures(0, 9, 9, 4), Figures(0, 9, 9, 4)).endswith("campaign's revenue.")
    assert share_sentence(Figures(1_000, 9, 0, 0), Figures(1_000, 9, 0, 0)) == ""
