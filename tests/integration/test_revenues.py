"""Revenues that are too large to be stored exactly: the commands' messages and statuses."""

import pytest

from support.deliveries import CLICKS, small_quarter
from support.running import Workplace

MOST = "999999999999.999999"


@pytest.mark.parametrize("banners", [1, 2], ids=["of one banner", "of two banners"])
def test_a_quarter_whose_revenues_cannot_be_kept_is_refused_and_the_others_are_published(
    workplace: Workplace, banners: int
) -> None:
    spoilt = small_quarter(workplace.folder, 3)
    clicks = "".join(f"{each},{each},5\n" for each in range(1, banners + 1))
    (spoilt / "clicks_3.csv").write_text(CLICKS + clicks)
    conversions = "".join(f"{each},{each % banners + 1},{MOST}\n" for each in range(1, 11))
    (spoilt / "conversions_3.csv").write_text(f"conversion_id,click_id,revenue\n{conversions}")
    small_quarter(workplace.folder, 4)
    ended = workplace.run("crunch", "events")
    assert ended.returncode == 3
    assert "Quarter 3 refused: The revenues of" in ended.stderr
    assert "9,223,372,036,854.775807" in ended.stderr
    assert workplace.run("show", "5", "--quarter", "4").returncode == 0
    assert "in quarter 3 of the hour" in workplace.run("show", "5", "--quarter", "3").stderr
