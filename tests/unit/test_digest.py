"""The input digest is the SHA-256 of a text that stays the same from release to release.

Another digest for the same input would publish every quarter anew after an upgrade.
"""

from hashlib import sha256

import pytest

from banners.core.digest import Basis, digest_of_files, digest_of_slots, input_digest
from banners.core.events import Kind
from banners.core.model import Quarter


def digest_of(text: str) -> str:
    return sha256(text.encode("ascii")).hexdigest()


def test_the_digest_of_files_covers_kind_and_content_in_any_order() -> None:
    contents = [
        (Kind.IMPRESSIONS, "c3"),
        (Kind.CLICKS, "b2"),
        (Kind.CONVERSIONS, "d4"),
        (Kind.CLICKS, "a1"),
    ]
    expected = digest_of("clicks a1\nclicks b2\nconversions d4\nimpressions c3\n")
    assert digest_of_files(contents) == digest_of_files(reversed(contents)) == expected


def test_the_digest_of_slots_covers_each_of_them_in_any_order() -> None:
    expected = digest_of("slot a1\nslot b2\n")
    assert digest_of_slots(["a1", "b2"]) == digest_of_slots(["b2", "a1"]) == expected


def test_where_nothing_else_decides_it_is_the_digest_of_the_events() -> None:
    assert input_digest("a1", Basis()) == "a1"


def test_everything_else_that_decides_is_covered() -> None:
    basis = Basis(
        policy="learning",
        settings={"holdout": "5", "explore": "1"},
        catalogue=7,
        others={Quarter.THIRD: "c3", Quarter.SECOND: "b2"},
    )
    assert input_digest("a1", basis) == digest_of(
        '{"catalogue": 7, "events": "a1", "others": {"2": "b2", "3": "c3"}, '
        '"policy": "learning", "settings": {"explore": "1", "holdout": "5"}}'
    )


@pytest.mark.parametrize(
    "basis",
    [
        Basis(policy="learning"),
        Basis(settings={"holdout": "5"}),
        Basis(catalogue=1),
        Basis(others={Quarter.SECOND: "b2"}),
    ],
)
def test_each_of_them_alone_makes_another_digest(basis: Basis) -> None:
    assert input_digest("a1", basis) != "a1"
