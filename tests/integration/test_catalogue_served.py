"""What visitors get with a catalogue, whether an address is answered from memory or read."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from banners.core.candidates import Candidates
from banners.core.catalogue import CatalogueCampaign
from banners.core.model import Generation, Performance, Quarter
from banners.serve.reader import HeldQuarter
from banners.web.app import web_application
from support.answers import assert_problem, no_reports, open_to_all
from support.held_catalogues import (
    GENERATION,
    Holder,
    banner,
    campaign,
    candidates_of,
    catalogue_of,
)
from support.running import serving

NOW = datetime(2026, 1, 31, 10, 20, tzinfo=UTC)
SECOND = int(NOW.timestamp())
SHOES, NEW, PAUSED, ENDED, COMING, EMPTY, HOUSE, UNKNOWN = 7, 8, 9, 10, 11, 12, 13, 999
LANDING = "https://shop.example/?a=1&b=2"


class Figures:
    """A reader, and what is held of quarter 2, with figures of one campaign."""

    generation = GENERATION
    quarter = Quarter.SECOND
    campaigns_held: Sequence[int] = (SHOES,)
    inventory_held: Sequence[int] = (1, 2, 3)

    def __init__(self, *, published: bool = True) -> None:
        self.published = published

    def active(self) -> Mapping[Quarter, Generation]:
        return {Quarter.SECOND: GENERATION} if self.published else {}

    def candidates(self, _: Generation, quarter: Quarter, campaign_id: int) -> Candidates | None:
        if campaign_id != SHOES or quarter != self.quarter:
            return None
        ranked = [Performance(9, 9, 1, 100 - each, banner_id=each) for each in range(1, 9)]
        return candidates_of(ranked, SHOES, quarter=Quarter.SECOND)

    def inventory(self, _: Generation, __: Quarter) -> Sequence[int]:
        return self.inventory_held

    def campaigns(self, _: Generation, __: Quarter) -> Sequence[int]:
        return self.campaigns_held

    def records(self, _: Generation, __: Quarter) -> Iterable[tuple[int, bytes]]:
        raise NotImplementedError

    def close(self) -> None:
        """It holds nothing."""


class HeldFigures:
    """The same as it is held in memory."""

    generation = GENERATION
    quarter = Quarter.SECOND
    campaigns: Sequence[int] = (SHOES,)
    inventory: Sequence[int] = (1, 2, 3)

    def __contains__(self, campaign_id: int) -> bool:
        return campaign_id == SHOES

    def candidates(self, campaign_id: int) -> Candidates | None:
        return Figures().candidates(GENERATION, Quarter.SECOND, campaign_id)

    def read_later(self, campaign_id: int) -> "Future[Candidates | None]":
        raise NotImplementedError


def campaigns() -> list[CatalogueCampaign]:
    on = banner(70, landing_url=LANDING)
    return [
        campaign(SHOES, banner(1, landing_url=LANDING), banner(2), banner(3, active=False)),
        campaign(NEW, banner(81), banner(82)),
        campaign(PAUSED, on, active=False),
        campaign(ENDED, on, ends=SECOND),
        campaign(COMING, on, starts=SECOND + 1),
        campaign(EMPTY),
        campaign(HOUSE, banner(90, "House", landing_url="https://house.example/")),
    ]


class Site:
    """The web application over a catalogue that a test replaces."""

    def __init__(self, client: httpx.Client, holder: Holder) -> None:
        self.get = client.get
        self.holder = holder


@pytest.fixture(params=["from memory", "read"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    in_memory = request.param == "from memory"
    yield from site_over(tmp_path, Figures(), HeldFigures() if in_memory else None)


def site_over(folder: Path, figures: Figures, held: HeldQuarter | None) -> Iterator[Site]:
    holder = Holder(catalogue_of(*campaigns()))
    application = web_application(
        reader=figures,
        reports=no_reports(),
        images=folder,
        fill=None,
        now=lambda: NOW,
        source=random.Random(1),
        held=lambda quarter: held if quarter == Quarter.SECOND else None,
        catalogue=holder,
        sign_ins=open_to_all(),
    )
    with serving(application) as address, httpx.Client(base_url=address) as client:
        yield Site(client, holder)


def test_only_what_is_on_is_shown(site: Site) -> None:
    page = site.get(f"/campaigns/{SHOES}")
    assert page.status_code == 200
    assert "image_1.png" in page.text
    assert "image_2.png" in page.text
    assert "image_3.png" not in page.text
    assert "image_4.png" not in page.text
    answer = site.get(f"/api/v1/campaigns/{SHOES}").json()
    assert [each["banner_id"] for each in answer["lineup"]] == [1, 2]
    assert (answer["converting"], answer["slots"], answer["generation"]) == (2, 5, 3)
    assert (answer["name"], answer["lineup"][1]["name"]) == ("Campaign name 7", "Name 2")


def test_banners_link_to_their_landing_pages(site: Site) -> None:
    page = site.get(f"/campaigns/{SHOES}").text
    link = '<a href="https://shop.example/?a=1&amp;b=2" rel="noopener nofollow sponsored">'
    assert page.count(link) == 1
    served = site.get(f"/api/v1/campaigns/{SHOES}/banners").json()
    assert {each["banner_id"]: each["click_url"] for each in served["banners"]} == {
        1: LANDING,
        2: None,
    }
    assert served["name"] == "Campaign name 7"


def test_a_campaign_without_figures_is_shown_as_generation_0(site: Site) -> None:
    served = site.get(f"/api/v1/campaigns/{NEW}/banners").json()
    assert {each["banner_id"] for each in served["banners"]} == {81, 82}
    assert served["generation"] == 0
    # Quarter 1 has not been published at all.
    first = site.get(f"/api/v1/campaigns/{SHOES}?quarter=1").json()
    assert (first["generation"], first["converting"]) == (0, 0)
    assert first["fill"]["campaign"] == [1, 2]


def test_a_campaign_that_the_catalogue_does_not_have_is_unknown(site: Site) -> None:
    answer = site.get("/campaigns/999")
    assert answer.status_code == 404
    assert "Campaign 999 is unknown: the catalogue does not have it." in answer.text


@pytest.mark.parametrize(
    ("campaign_id", "state", "sentence"),
    [
        (PAUSED, "paused", "it has been paused since 2026-01-31 10:15:00 UTC."),
        (ENDED, "ended", "it ended at 2026-01-31 10:20:00 UTC."),
        (COMING, "starts", "it starts at 2026-01-31 10:20:01 UTC."),
    ],
)
def test_a_campaign_that_is_off_says_since_when(
    site: Site, campaign_id: int, state: str, sentence: str
) -> None:
    site.holder.held = catalogue_of(*campaigns(), paused={PAUSED: SECOND - 300})
    for path in (f"/api/v1/campaigns/{campaign_id}", f"/api/v1/campaigns/{campaign_id}/banners"):
        answer = site.get(path)
        assert sentence in assert_problem(answer, 404, "campaign_off")
        assert answer.json()["state"] == state
    page = site.get(f"/campaigns/{campaign_id}")
    assert page.status_code == 404
    assert sentence in page.text
    assert f'value="{campaign_id}"' in page.text


def test_a_pause_whose_time_is_not_known_is_one_all_the_same(site: Site) -> None:
    answer = site.get(f"/api/v1/campaigns/{PAUSED}")
    assert "it is paused." in assert_problem(answer, 404, "campaign_off")


@pytest.mark.parametrize("campaign_id", [PAUSED, ENDED, COMING, EMPTY, UNKNOWN])
@pytest.mark.parametrize("house", [HOUSE, None, PAUSED, 999])
def test_an_embed_is_never_broken(site: Site, campaign_id: int, house: int | None) -> None:
    site.holder.held = catalogue_of(*campaigns(), house=house)
    frame = site.get(f"/campaigns/{campaign_id}/banner?format=html")
    image = site.get(f"/campaigns/{campaign_id}/banner")
    assert frame.status_code == 200
    assert "frame-ancestors *" in frame.headers["content-security-policy"]
    if house == HOUSE:
        assert 'href="https://house.example/" target="_blank"' in frame.text
        assert image.headers["location"] == "/static/images/image_90.png"
    else:
        assert "<main></main>" in frame.text
        assert (image.status_code, image.headers["content-type"]) == (200, "image/gif")


def test_the_document_describes_what_stands_for_an_empty_embed(site: Site) -> None:
    described = site.get("/openapi.json").json()["paths"]["/campaigns/{campaign_id}/banner"]
    image = site.get(f"/campaigns/{UNKNOWN}/banner")
    assert image.headers["content-type"] in described["get"]["responses"]["200"]["content"]


@pytest.mark.parametrize("house", [HOUSE, None])
def test_embeds_of_unknown_campaigns_are_counted(site: Site, house: int | None) -> None:
    site.holder.held = catalogue_of(*campaigns(), house=house)
    for path in (f"/campaigns/{UNKNOWN}/banner", f"/campaigns/{UNKNOWN}/banner?format=html"):
        site.get(path)
    for path in (f"/campaigns/{PAUSED}/banner", f"/campaigns/{UNKNOWN}"):
        site.get(path)
    assert "\nbanners_unknown_embeds_total 2.0\n" in site.get("/metrics").text


def test_nothing_is_shown_before_it_is_known_whether_there_is_a_catalogue(site: Site) -> None:
    site.holder.held = None
    for path in (f"/campaigns/{SHOES}", f"/campaigns/{SHOES}/banner"):
        answer = site.get(path)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "10"
    assert_problem(site.get(f"/api/v1/campaigns/{SHOES}"), 503, "store_unavailable")


def test_readiness_and_status_name_the_version(site: Site) -> None:
    site.holder.held = catalogue_of(*campaigns(), number=12)
    assert site.get("/readyz").json()["catalogue"] == 12
    assert "Version 12 of the catalogue is in force, with 7 campaigns." in site.get("/status").text


def test_a_catalogue_is_served_before_anything_is_published(tmp_path: Path) -> None:
    for site in site_over(tmp_path, Figures(published=False), None):
        assert site.get("/readyz").status_code == 200
        assert "image_81.png" in site.get(f"/campaigns/{NEW}").text


def test_the_form_offers_the_campaigns_of_the_catalogue(site: Site) -> None:
    page = site.get("/").text
    assert f'<option value="{NEW}">' in page


def test_pages_of_both_paths_have_the_same_bytes(tmp_path: Path) -> None:
    found: list[dict[str, bytes]] = []
    for held in (HeldFigures(), None):
        for site in site_over(tmp_path, Figures(), held):
            paths = [
                f"/campaigns/{HOUSE}",
                f"/campaigns/{HOUSE}/banner?format=html",
                f"/api/v1/campaigns/{HOUSE}/banners",
                f"/api/v1/campaigns/{SHOES}",
                f"/campaigns/{EMPTY}",
            ]
            found.append({path: site.get(path).content for path in paths})
    assert found[0] == found[1]
