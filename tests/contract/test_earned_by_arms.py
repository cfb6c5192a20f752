"""What the demo with visitors prints of its trial."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from banners import wiring
from banners.core.arms import ComparisonKind
from banners.core.figures import MICROS
from banners.core.totals import TOGETHER
from banners.policies.comparison import Comparison
from banners.policies.guard import SILENT
from banners.settings import Settings
from banners.store.connect import open_database
from support.event_logs import SLOT
from support.totals import totals_turn


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path / 'banners.db'}")


@pytest.fixture
def database(settings: Settings) -> Iterator[Engine]:
    opened = open_database(settings.database_url, create=True)
    yield opened
    opened.dispose()


def write(database: Engine, kind: ComparisonKind, rule: int, policy: int) -> None:
    """Write what 400 pages of the policy and 500 of the rule have earned."""
    said = Comparison(
        kind=kind,
        interval=SILENT,
        slots=1,
        last_slot=SLOT,
        pages=400,
        alternative_pages=500,
        revenue_micros=policy * MICROS,
        alternative_revenue_micros=rule * MICROS,
        conversions=9,
    )
    with totals_turn(database) as writer:
        writer.replace_comparisons({TOGETHER: [said]})


def test_each_arm_has_earned_its_own_revenue_on_its_own_pages(
    settings: Settings, database: Engine
) -> None:
    write(database, ComparisonKind.TRIAL, rule=40, policy=60)
    assert wiring.earned_by_arms(settings) == (
        "Revenue per thousand pages: rule 80.00, learning 150.00 (+88 %)."
    )


def test_nothing_is_compared_with_an_arm_that_has_earned_nothing(
    settings: Settings, database: Engine
) -> None:
    write(database, ComparisonKind.TRIAL, rule=0, policy=60)
    assert wiring.earned_by_arms(settings) == (
        "Revenue per thousand pages: rule 0.00, learning 150.00."
    )


def test_nothing_is_said_without_a_trial(settings: Settings, database: Engine) -> None:
    write(database, ComparisonKind.GUARD, rule=40, policy=60)
    assert wiring.earned_by_arms(settings) == ""
