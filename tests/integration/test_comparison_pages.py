"""What guard and trial say, on pages and in JSON, over real HTTP."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.html_text import text_of
from support.recorded_pages import recorded_site, recorded_totals


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with recorded_site(tmp_path_factory.mktemp("recorded"), recorded_totals()) as opened:
        yield opened


def section_of(page: str, name: str) -> str:
    """The text of a section of a page; empty if there is none."""
    found = re.search(rf'<section aria-labelledby="{name}">(.*?)</section>', page, re.DOTALL)
    return text_of(found[1]).strip() if found else ""


def test_guard_and_trial_are_two_things_with_two_names_in_two_places(client: httpx.Client) -> None:
    page = client.get("/status").text
    assert section_of(page, "guard") == (
        "Guard The policy earns more than the rule would now: between +2.0 % and +20.0 %. The "
        "guard compares the pages of the policy with those of its holdout, which shows the rule's "
        "lineups on the same data. 1,440 slots until 20261127T1400Z: 58,000 pages of the policy, "
        "6,000 of the holdout, and 310 conversions of the holdout."
    )
    assert section_of(page, "trial") == (
        "Trial Learning earns between +41.0 % and +78.0 % compared with the rule alone. A trial "
        "compares its two arms, the rule and learning, each of which learns from its own data "
        "only. 96 slots until 20261127T1400Z: 4,000 pages of the arm that learns, 4,100 of the "
        "rule's arm, and 220 conversions of the arm with fewer."
    )


def test_a_report_says_what_the_guard_says_of_its_campaign(client: httpx.Client) -> None:
    page = client.get("/campaigns/5/report").text
    assert section_of(page, "guard").startswith("Guard The policy earns more")
    assert not section_of(page, "trial")
    page = client.get("/campaigns/6/report").text
    assert section_of(page, "trial").startswith("Trial Too early to say")
    assert not section_of(page, "guard")
    page = client.get("/campaigns/9/report").text
    assert not section_of(page, "guard")
    assert not section_of(page, "trial")


def test_the_report_as_json_has_the_comparisons_of_its_campaign(client: httpx.Client) -> None:
    def compared(campaign_id: int, query: str = "") -> Any:
        return (
            client.get(f"/api/v1/campaigns/{campaign_id}/report{query}").json().get("comparisons")
        )

    (guard,) = compared(5)
    assert guard == {
        "kind": "guard",
        "sentence": "The policy earns more than the rule would now: between +2.0 % and +20.0 %.",
        "lower": 0.02,
        "upper": 0.2,
        "slots": 1_440,
        "last_slot": "20261127T1400Z",
        "pages": 58_000,
        "alternative_pages": 6_000,
        "revenue": "640.000000",
        "alternative_revenue": "60.500000",
        "conversions": 310,
    }
    (trial,) = compared(6)
    assert (trial["kind"], trial["lower"], trial["upper"]) == ("trial", None, None)
    assert compared(9) is None


def test_what_is_not_recorded_is_not_compared(tmp_path: Path) -> None:
    with recorded_site(tmp_path, None) as unrecorded:
        assert "comparisons" not in unrecorded.get("/api/v1/campaigns/5/report").json()
        assert not section_of(unrecorded.get("/status").text, "guard")


def test_the_list_shows_what_the_policy_of_a_campaign_gains(client: httpx.Client) -> None:
    page = client.get("/campaigns").text
    found = re.findall(r'<td class="policy">(.*?)</td>', page, re.DOTALL)
    assert sorted(text_of(each).strip() for each in found) == [
        "Learning guard: +2.0 % to +20.0 %",
        "Rule",
        # Too early to say.
        "Trial",
    ]
