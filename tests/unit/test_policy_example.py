"""The example of docs/policies.md is a policy, and does what it says."""

import re
from pathlib import Path
from typing import Any

from hypothesis import given

from banners.core.model import Quarter
from banners.policies.policy import Policy, PolicySettings
from strategies.windows import Campaigns, campaigns, window_of

PAGE = Path(__file__).parents[2] / "docs" / "policies.md"


def example() -> Policy:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    found: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), found)  # noqa: S102  # it is our own page
    policy: Policy = found["Newest"]()
    return policy


@given(campaigns())
def test_the_example_shows_the_newest_banners(given: Campaigns) -> None:
    newest = example()
    made = list(newest.prepare(window_of(given), Quarter.FIRST, "d", PolicySettings()))
    assert [each.campaign_id for each in made] == sorted(given)
    for each in made:
        banners = sorted(given[each.campaign_id])
        assert len(each.lineups) == len(each.groups) == 64
        for lineup in each.lineups:
            assert [banners[place] for place in lineup] == banners[-5:]
