"""Small campaigns, written by hand, for every case and boundary of the rule."""

from typing import NamedTuple

from banners.core.events import Kind


class Banner(NamedTuple):
    """A banner of an example, with its events.

    Args:
        banner_id: 100 to 500, one of the sample's inventory.
        impressions: number of rows of the impressions file, 0 or more.
        clicks: number of clicks, each with an id of its own.
        revenues: one for each conversion; the conversions are assigned to the clicks in turn.
    """

    banner_id: int
    impressions: int
    clicks: int
    revenues: tuple[str, ...] = ()


# Source: docs/rule.md, "Worked examples". Number 63 is left out, as an unknown campaign.
EXAMPLES: dict[int, tuple[Banner, ...]] = {
    # X = 11, from 0.10 to 1.10: the ten best; the eleventh, 131, is never shown.
    51: (
        Banner(131, 1, 1, ("0.10",)),
        Banner(127, 1, 1, ("0.20",)),
        Banner(139, 1, 1, ("0.30",)),
        Banner(113, 1, 1, ("0.40",)),
        Banner(149, 1, 1, ("0.50",)),
        Banner(103, 1, 1, ("0.60",)),
        Banner(137, 1, 1, ("0.70",)),
        Banner(101, 1, 1, ("0.80",)),
        Banner(107, 1, 1, ("0.90",)),
        Banner(151, 1, 1, ("1.00",)),
        Banner(109, 1, 1, ("1.10",)),
    ),
    # X = 10: exactly those; the two with far more clicks are left out.
    52: (
        Banner(201, 3, 1, ("0.31",)),
        Banner(202, 2, 1, ("0.32",)),
        Banner(203, 2, 1, ("0.33",)),
        Banner(204, 2, 1, ("0.34",)),
        Banner(205, 2, 1, ("0.35",)),
        Banner(206, 2, 1, ("0.36",)),
        Banner(207, 2, 1, ("0.37",)),
        Banner(208, 2, 1, ("0.38",)),
        Banner(209, 2, 1, ("0.39",)),
        Banner(210, 2, 1, ("0.40",)),
        Banner(211, 9, 7),
        Banner(212, 9, 8),
    ),
    # X = 9: the nine, and no tenth, although 310 was clicked.
    53: (
        Banner(301, 2, 1, ("0.000001",)),
        Banner(302, 2, 1, ("0.00001",)),
        Banner(303, 2, 1, ("0.0001",)),
        Banner(304, 2, 1, ("0.001",)),
        Banner(305, 2, 1, ("0.01",)),
        Banner(306, 2, 1, ("0.1",)),
        Banner(307, 2, 1, ("1",)),
        Banner(308, 2, 1, ("10",)),
        Banner(309, 2, 1, ("100",)),
        Banner(310, 6, 6),
    ),
    # X = 11, every banner with one impression, one click and one conversion.
    54: (
        Banner(414, 1, 1, ("0.675",)),
        Banner(127, 1, 1, ("0.661208",)),
        Banner(350, 1, 1, ("0.64",)),
        Banner(233, 1, 1, ("0.588731",)),
        Banner(486, 1, 1, ("0.55",)),
        Banner(162, 1, 1, ("0.497006",)),
        Banner(309, 1, 1, ("0.425",)),
        Banner(271, 1, 1, ("0.386419",)),
        Banner(445, 1, 1, ("0.3",)),
        Banner(198, 1, 1, ("0.215577",)),
        Banner(377, 1, 1, ("0.121",)),
    ),
    # X = 5: exactly the five; 216 and 217 have more clicks and are left out.
    55: (
        Banner(211, 4, 1, ("0.25",)),
        Banner(212, 4, 2, ("0.20", "0.30")),
        Banner(213, 4, 1, ("0.75",)),
        Banner(214, 4, 3, ("1.00",)),
        Banner(215, 4, 1, ("1.25",)),
        Banner(216, 9, 6),
        Banner(217, 8, 5),
    ),
    # X = 4: the four, then 226, with two clicks and no impression.
    56: (
        Banner(221, 3, 1, ("0.11",)),
        Banner(222, 3, 1, ("0.22",)),
        Banner(223, 3, 1, ("0.33",)),
        Banner(224, 3, 1, ("0.44",)),
        Banner(225, 5, 1),
        Banner(226, 0, 2),
        Banner(227, 7, 0),
    ),
    # X = 1: the conversion of 234 has revenue 0.00, so it is chosen by its clicks alone, as are 232
    # and 233; of the two with two clicks each, the smaller id is chosen, 235.
    57: (
        Banner(231, 2, 1, ("0.50",)),
        Banner(232, 6, 5),
        Banner(233, 6, 4),
        Banner(234, 6, 3, ("0.00",)),
        Banner(235, 6, 2),
        Banner(236, 6, 2),
        Banner(237, 6, 1),
    ),
    # X = 2, all six with one click: the two, then the three smallest ids of the other four.
    58: (
        Banner(246, 1, 1, ("0.40",)),
        Banner(245, 1, 1),
        Banner(244, 1, 1, ("0.60",)),
        Banner(243, 1, 1),
        Banner(242, 1, 1),
        Banner(241, 1, 1),
    ),
    # X = 2, three clicked of six: the three, filled with two of the others.
    59: (
        Banner(251, 2, 1, ("0.90",)),
        Banner(252, 2, 1, ("0.80",)),
        Banner(253, 2, 1),
        Banner(254, 2, 0),
        Banner(255, 2, 0),
        Banner(256, 2, 0),
    ),
    # X = 0, three clicked of six: the three, filled with two of the others.
    60: (
        Banner(261, 4, 3),
        Banner(262, 4, 2),
        Banner(263, 4, 1),
        Banner(264, 4, 0),
        Banner(265, 4, 0),
        Banner(266, 4, 0),
    ),
    # X = 0, none clicked: five of the six, drawn at random.
    61: (
        Banner(271, 1, 0),
        Banner(272, 1, 0),
        Banner(273, 1, 0),
        Banner(274, 1, 0),
        Banner(275, 1, 0),
        Banner(276, 1, 0),
    ),
    # X = 2, and no more banners: filled with three of the inventory. The one click of 281 has three
    # conversions, and its impression is repeated three times: each counts.
    62: (
        Banner(281, 3, 1, ("0.10", "0.20", "0.30")),
        Banner(282, 1, 1, ("0.50",)),
    ),
    # X = 11: 290 and 291 are equal at the tenth place, so the smaller id is chosen.
    64: (
        Banner(291, 2, 1, ("0.20",)),
        Banner(290, 2, 1, ("0.20",)),
        Banner(299, 2, 1, ("0.30",)),
        Banner(298, 2, 1, ("0.40",)),
        Banner(297, 2, 1, ("0.50",)),
        Banner(296, 2, 1, ("0.60",)),
        Banner(295, 2, 1, ("0.70",)),
        Banner(294, 2, 1, ("0.80",)),
        Banner(293, 2, 1, ("0.90",)),
        Banner(292, 2, 1, ("1.00",)),
        Banner(289, 2, 1, ("1.10",)),
    ),
}


def example_rows(first_click_id: int) -> dict[Kind, list[str]]:
    """Write the examples as lines of event files, without line ends, by kind.

    Args:
        first_click_id: the id of the first click; the ids of the others follow. A conversion has
            its click's id with one more digit.
    """
    lines: dict[Kind, list[str]] = {kind: [] for kind in Kind}
    for campaign_id, banners in EXAMPLES.items():
        for banner in banners:
            banner_id = banner.banner_id
            click_ids = range(first_click_id, first_click_id + banner.clicks)
            first_click_id = click_ids.stop
            lines[Kind.IMPRESSIONS] += [f"{banner_id},{campaign_id}"] * banner.impressions
            lines[Kind.CLICKS] += [
                f"{click_id},{banner_id},{campaign_id}" for click_id in click_ids
            ]
            for place, revenue in enumerate(banner.revenues):
                click_id = click_ids[place % banner.clicks]
                lines[Kind.CONVERSIONS].append(f"{click_id}{place},{click_id},{revenue}")
    return lines
