"""Small campaigns, written by hand, that reach every case and boundary of the rule."""

from typing import NamedTuple


class Shown(NamedTuple):
    """What happened to a banner of an example.

    Args:
        banner_id: 100 to 500, one of the sample's inventory.
        impressions: rows of the impressions file, 0 or more.
        clicks: how many clicks, each with an id of its own.
        revenues: one for each conversion; the conversions go round the clicks.
    """

    banner_id: int
    impressions: int
    clicks: int
    revenues: tuple[str, ...] = ()


class Rows(NamedTuple):
    """Lines of the three event files, as they stand there but for the end of the line."""

    impressions: tuple[str, ...]
    clicks: tuple[str, ...]
    conversions: tuple[str, ...]


# Source: docs/rule.md, "Worked examples". Number 63 stays free: a campaign that nobody knows.
EXAMPLES: dict[int, tuple[Shown, ...]] = {
    # X = 11, from 0.10 to 1.10: the ten best; the eleventh, 131, never shows.
    51: (
        Shown(131, 1, 1, ("0.10",)),
        Shown(127, 1, 1, ("0.20",)),
        Shown(139, 1, 1, ("0.30",)),
        Shown(113, 1, 1, ("0.40",)),
        Shown(149, 1, 1, ("0.50",)),
        Shown(103, 1, 1, ("0.60",)),
        Shown(137, 1, 1, ("0.70",)),
        Shown(101, 1, 1, ("0.80",)),
        Shown(107, 1, 1, ("0.90",)),
        Shown(151, 1, 1, ("1.00",)),
        Shown(109, 1, 1, ("1.10",)),
    ),
    # X = 10, exactly: those; the two that were clicked far more often stay out.
    52: (
        Shown(201, 3, 1, ("0.31",)),
        Shown(202, 2, 1, ("0.32",)),
        Shown(203, 2, 1, ("0.33",)),
        Shown(204, 2, 1, ("0.34",)),
        Shown(205, 2, 1, ("0.35",)),
        Shown(206, 2, 1, ("0.36",)),
        Shown(207, 2, 1, ("0.37",)),
        Shown(208, 2, 1, ("0.38",)),
        Shown(209, 2, 1, ("0.39",)),
        Shown(210, 2, 1, ("0.40",)),
        Shown(211, 9, 7),
        Shown(212, 9, 8),
    ),
    # X = 9: the nine, and no tenth, although 310 was clicked.
    53: (
        Shown(301, 2, 1, ("0.000001",)),
        Shown(302, 2, 1, ("0.00001",)),
        Shown(303, 2, 1, ("0.0001",)),
        Shown(304, 2, 1, ("0.001",)),
        Shown(305, 2, 1, ("0.01",)),
        Shown(306, 2, 1, ("0.1",)),
        Shown(307, 2, 1, ("1",)),
        Shown(308, 2, 1, ("10",)),
        Shown(309, 2, 1, ("100",)),
        Shown(310, 6, 6),
    ),
    # X = 11, every banner seen, clicked and converted once.
    54: (
        Shown(414, 1, 1, ("0.675",)),
        Shown(127, 1, 1, ("0.661208",)),
        Shown(350, 1, 1, ("0.64",)),
        Shown(233, 1, 1, ("0.588731",)),
        Shown(486, 1, 1, ("0.55",)),
        Shown(162, 1, 1, ("0.497006",)),
        Shown(309, 1, 1, ("0.425",)),
        Shown(271, 1, 1, ("0.386419",)),
        Shown(445, 1, 1, ("0.3",)),
        Shown(198, 1, 1, ("0.215577",)),
        Shown(377, 1, 1, ("0.121",)),
    ),
    # X = 5, exactly: the five; 216 and 217 were clicked more often and stay out.
    55: (
        Shown(211, 4, 1, ("0.25",)),
        Shown(212, 4, 2, ("0.20", "0.30")),
        Shown(213, 4, 1, ("0.75",)),
        Shown(214, 4, 3, ("1.00",)),
        Shown(215, 4, 1, ("1.25",)),
        Shown(216, 9, 6),
        Shown(217, 8, 5),
    ),
    # X = 4: the four, then 226, which was clicked twice although it was never seen.
    56: (
        Shown(221, 3, 1, ("0.11",)),
        Shown(222, 3, 1, ("0.22",)),
        Shown(223, 3, 1, ("0.33",)),
        Shown(224, 3, 1, ("0.44",)),
        Shown(225, 5, 1),
        Shown(226, 0, 2),
        Shown(227, 7, 0),
    ),
    # X = 1: the conversion of 234 brought 0.00, so that it is in by its clicks alone, as are 232
    # and 233; of the two with two clicks each the smaller number is in, 235.
    57: (
        Shown(231, 2, 1, ("0.50",)),
        Shown(232, 6, 5),
        Shown(233, 6, 4),
        Shown(234, 6, 3, ("0.00",)),
        Shown(235, 6, 2),
        Shown(236, 6, 2),
        Shown(237, 6, 1),
    ),
    # X = 2, all six clicked once: those two, then the three smallest numbers of the other four.
    58: (
        Shown(246, 1, 1, ("0.40",)),
        Shown(245, 1, 1),
        Shown(244, 1, 1, ("0.60",)),
        Shown(243, 1, 1),
        Shown(242, 1, 1),
        Shown(241, 1, 1),
    ),
    # X = 2, three clicked of six: the three, filled with two of the others.
    59: (
        Shown(251, 2, 1, ("0.90",)),
        Shown(252, 2, 1, ("0.80",)),
        Shown(253, 2, 1),
        Shown(254, 2, 0),
        Shown(255, 2, 0),
        Shown(256, 2, 0),
    ),
    # X = 0, three clicked of six: the three, filled with two of the others.
    60: (
        Shown(261, 4, 3),
        Shown(262, 4, 2),
        Shown(263, 4, 1),
        Shown(264, 4, 0),
        Shown(265, 4, 0),
        Shown(266, 4, 0),
    ),
    # X = 0, none clicked: five of the six, drawn at random.
    61: (
        Shown(271, 1, 0),
        Shown(272, 1, 0),
        Shown(273, 1, 0),
        Shown(274, 1, 0),
        Shown(275, 1, 0),
        Shown(276, 1, 0),
    ),
    # X = 2, and no more banners: filled with three of the inventory. The one click of 281 brought
    # three conversions, and its impression is there three times over: each counts.
    62: (
        Shown(281, 3, 1, ("0.10", "0.20", "0.30")),
        Shown(282, 1, 1, ("0.50",)),
    ),
    # X = 11: 290 and 291 are alike on the edge of the tenth place, so the smaller number is in.
    64: (
        Shown(291, 2, 1, ("0.20",)),
        Shown(290, 2, 1, ("0.20",)),
        Shown(299, 2, 1, ("0.30",)),
        Shown(298, 2, 1, ("0.40",)),
        Shown(297, 2, 1, ("0.50",)),
        Shown(296, 2, 1, ("0.60",)),
        Shown(295, 2, 1, ("0.70",)),
        Shown(294, 2, 1, ("0.80",)),
        Shown(293, 2, 1, ("0.90",)),
        Shown(292, 2, 1, ("1.00",)),
        Shown(289, 2, 1, ("1.10",)),
    ),
}


def example_rows(first_click_id: int) -> Rows:
    """Write the examples as lines of event files.

    Args:
        first_click_id: the clicks are numbered from here on. A conversion has its click's number
            and one digit more.
    """
    impressions: list[str] = []
    clicks: list[str] = []
    conversions: list[str] = []
    for campaign_id, banners in EXAMPLES.items():
        for shown in banners:
            click_ids = range(first_click_id, first_click_id + shown.clicks)
            first_click_id = click_ids.stop
            impressions += [f"{shown.banner_id},{campaign_id}"] * shown.impressions
            clicks += [f"{click_id},{shown.banner_id},{campaign_id}" for click_id in click_ids]
            for place, revenue in enumerate(shown.revenues):
                click_id = click_ids[place % shown.clicks]
                conversions.append(f"{click_id}{place},{click_id},{revenue}")
    return Rows(tuple(impressions), tuple(clicks), tuple(conversions))


def unseen_clicks() -> int:
    """Count the clicks of banners that were never shown."""
    shown = (each for banners in EXAMPLES.values() for each in banners)
    return sum(each.clicks for each in shown if not each.impressions)
