"""Pages, frames and JSON with a token: as without one, but for the links and the small image."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from banners.collect.token import Tokens
from banners.core.addresses import Route
from banners.core.catalogue import CatalogueBanner
from banners.core.model import FillPolicy, Performance
from banners.core.slots import slot_at
from banners.core.views import Group, Traffic, View
from banners.serve.catalogue import NO_CATALOGUE
from banners.web.hot.replies import headers_of
from banners.web.recording.judging import ASK_AGAIN, CLEAN, UNCOUNTED, Asked, Subject, Verdict
from support.catalogued import BOOTS, FRAMED, HOUSE, SHOES, Held, Web, earned, text
from support.held_catalogues import banner, campaign, candidates_of, catalogue_of
from support.recorders import KEY, recorder_over

TOKEN = r"[A-Za-z0-9_-]{50,384}"  # noqa: S105  # a pattern
TOKENS = Tokens([KEY])


def linked(*ids: int) -> list[CatalogueBanner]:
    return [
        banner(each, f"<{each}>", landing_url=f"https://shop.example/{each}?a=1&b={{click}}")
        for each in ids
    ]


class Recorded(Web):
    """The hot path, which records."""

    def __init__(self, folder: Path, *args: Any) -> None:
        super().__init__(folder, *args)
        self.recorder = recorder_over(folder, self.catalogue)

    def answer(
        self, route: Route, campaign_id: int, query: bytes = b"", method: str = "GET"
    ) -> Any:
        asked = Asked([], method=method, query=query)
        found = self.delivery.answer_recorded(route.at(campaign_id=campaign_id), asked)
        if found is None:
            return None
        status, _, body = found.reply
        return status, headers_of(found.reply), body

    def written(self, route: Route, campaign_id: int, query: bytes = b"") -> str:
        return text(self.answer(route, campaign_id, query))


def view_in(written: str) -> View:
    """The one view whose token an answer contains."""
    tokens = set(re.findall(rf"/[ec]/({TOKEN})", written))
    assert len(tokens) == 1
    found = TOKENS.read_view(tokens.pop().encode())
    assert found is not None
    return found


def shoes() -> tuple[Held, Any]:
    unlinked = banner(12, "Unlinked")
    held = Held(earned(11, 12, 13, 14, 15, 16))
    return held, catalogue_of(
        campaign(SHOES, *linked(11), unlinked, *linked(13, 14, 15, 16), name="Shoes & more")
    )


def all_linked() -> tuple[Held, Any]:
    held = Held(earned(*range(11, 21)))
    return held, catalogue_of(campaign(SHOES, *linked(*range(11, 21))))


def without_token(written: str) -> str:
    """Put the landing pages in the place of the links, and take the small image out."""
    images = re.findall(rf'<img src="/e/{TOKEN}" width="1" height="1" alt="" hidden>\n?', written)
    assert len(images) == 1
    written = written.replace(images[0], "")
    shown = [int(each) for each in re.findall(r"image_([0-9]+)\.png", written)]
    assert shown == list(view_in(images[0]).banner_ids)
    for place, each in enumerate(shown, start=1):
        before = f'href="https://shop.example/{each}?a=1&amp;b="'
        written = re.sub(rf'href="/c/{TOKEN}/{place}"', before, written)
    return written


@pytest.mark.parametrize("made", [shoes, all_linked])
def test_a_page_differs_only_in_its_links_and_the_small_image(tmp_path: Path, made: Any) -> None:
    held, catalogue = made()
    plain, recorded = Web(tmp_path, held, catalogue), Recorded(tmp_path, held, catalogue)
    for _ in range(10):
        page = without_token(recorded.written(Route.CAMPAIGN, SHOES))
        # In another order.
        assert sorted(page.splitlines()) == sorted(plain.page(SHOES).splitlines())


@pytest.mark.parametrize("landing", ["https://shop.example/11?a=1&b={click}", ""])
def test_a_frame_differs_only_in_its_link_and_the_small_image(tmp_path: Path, landing: str) -> None:
    catalogue = catalogue_of(campaign(SHOES, banner(11, landing_url=landing)))
    held = Held(earned(11))
    plain, recorded = Web(tmp_path, held, catalogue), Recorded(tmp_path, held, catalogue)
    frame = recorded.written(Route.BANNER, SHOES, FRAMED)
    assert without_token(frame) == text(plain.reply(Route.BANNER, SHOES, FRAMED))


def test_a_frame_shows_one_banner_with_its_link(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path, *all_linked())
    frame = recorded.written(Route.BANNER, SHOES, FRAMED)
    view = view_in(frame)
    assert len(view.banner_ids) == 1
    assert re.search(rf'<a href="/c/{TOKEN}/1" target="_blank"', frame)
    status, headers, _ = recorded.answer(Route.BANNER, SHOES, FRAMED)
    policy = dict(headers)[b"content-security-policy"]
    assert (status, b"img-src 'self'" in policy, b"frame-ancestors *" in policy) == (
        200,
        True,
        True,
    )


@pytest.mark.parametrize("made", [shoes, all_linked])
def test_json_has_the_addresses_of_the_impression_and_the_click(tmp_path: Path, made: Any) -> None:
    held, catalogue = made()
    plain, recorded = Web(tmp_path, held, catalogue), Recorded(tmp_path, held, catalogue)
    written = recorded.written(Route.API_BANNERS, SHOES)
    view, document = view_in(written), json.loads(written)
    expected = {each["banner_id"]: each for each in plain.served(SHOES)["banners"]}
    for place, each in enumerate(document["banners"], start=1):
        assert each["banner_id"] == view.banner_ids[place - 1]
        origin = re.escape("http://localhost:8000")
        assert re.fullmatch(rf"{origin}/e/{TOKEN}", each.pop("impression_url"))
        before = expected[each["banner_id"]]
        if before["click_url"] is None:
            assert each == before
        else:
            assert re.fullmatch(rf"{origin}/c/{TOKEN}/{place}", each["click_url"])
            assert {**each, "click_url": before["click_url"]} == before
    assert document.keys() == plain.served(SHOES).keys()


def test_a_view_says_what_was_served(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path, *all_linked())
    recorded.second = 5_000.0
    view = view_in(recorded.written(Route.CAMPAIGN, SHOES))
    assert view.slot == slot_at(5_000)
    assert (view.campaign_id, view.generation, view.group) == (SHOES, 3, Group.RULE)
    assert (view.fill, view.paused, len(view.banner_ids)) == ((), False, 10)
    ids = {view_in(recorded.written(Route.CAMPAIGN, SHOES)).view_id for _ in range(50)}
    assert len(ids) == 50


def test_fill_is_marked_with_its_owner(tmp_path: Path) -> None:
    ranked = [Performance(9, 9, 1, 100, banner_id=11), Performance(9, 0, 0, 0, banner_id=12)]
    held = Held(candidates_of(ranked, SHOES))
    others = linked(81, 82, 83, 84)
    catalogue = catalogue_of(campaign(SHOES, *linked(11, 12)), campaign(BOOTS, *others))
    recorded = Recorded(tmp_path, held, catalogue)
    recorded.fill = FillPolicy.INVENTORY
    view = view_in(recorded.written(Route.CAMPAIGN, SHOES))
    owners = dict(zip(view.banner_ids, view.fill, strict=True))
    assert (owners.pop(11), owners.pop(12)) == (0, SHOES)
    assert len(owners) == 3
    assert set(owners.values()) == {BOOTS}
    served = json.loads(recorded.written(Route.API_BANNERS, SHOES))["banners"]
    assert {each["banner_id"]: each["filled"] for each in served}.pop(11) is False
    assert sum(each["filled"] for each in served) == 4


def test_a_banner_alone_that_is_fill_is_marked(tmp_path: Path) -> None:
    held = Held(candidates_of([Performance(9, 0, 0, 0, banner_id=12)], SHOES))
    recorded = Recorded(tmp_path, held, catalogue_of(campaign(SHOES, *linked(12))))
    view = view_in(recorded.written(Route.BANNER, SHOES, FRAMED))
    assert (view.banner_ids, view.fill) == ((12,), (SHOES,))


@pytest.mark.parametrize(
    ("off", "paused"), [((), False), ((11,), True), ((21,), False), ((10, 22), False)]
)
def test_a_view_says_whether_a_pause_changed_the_lineup(
    tmp_path: Path, off: tuple[int, ...], paused: bool
) -> None:
    """Banner 21 is the eleventh, 22 has no figures, and 10 is not in the campaign."""
    held = Held(earned(*range(11, 22)))
    banners = [banner(each, active=each not in off) for each in range(11, 23)]
    recorded = Recorded(tmp_path, held, catalogue_of(campaign(SHOES, *banners)))
    assert view_in(recorded.written(Route.CAMPAIGN, SHOES)).paused is paused


def test_without_figures_the_generation_is_zero(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path, Held(), catalogue_of(campaign(SHOES, *linked(11))))
    assert view_in(recorded.written(Route.CAMPAIGN, SHOES)).generation == 0


def test_a_view_of_house_banners_belongs_to_the_house_campaign(tmp_path: Path) -> None:
    house = campaign(HOUSE, *linked(91))
    catalogue = catalogue_of(campaign(SHOES, active=False), house, house=HOUSE)
    recorded = Recorded(tmp_path, Held(), catalogue)
    assert view_in(recorded.written(Route.BANNER, SHOES, FRAMED)).campaign_id == HOUSE


def test_an_answer_without_banners_is_no_view(tmp_path: Path) -> None:
    catalogue = catalogue_of(campaign(SHOES), campaign(BOOTS, active=False))
    recorded = Recorded(tmp_path, Held(), catalogue)
    for written in (
        recorded.written(Route.CAMPAIGN, SHOES),
        recorded.written(Route.API_BANNERS, SHOES),
        recorded.written(Route.BANNER, SHOES, FRAMED),
    ):
        assert "/e/" not in written
    assert recorded.answer(Route.CAMPAIGN, BOOTS) is None
    assert recorded.recorder is not None
    assert recorded.recorder.counts.served == 0


def test_a_preview_and_the_redirect_to_an_image_have_no_token(tmp_path: Path) -> None:
    held, catalogue = all_linked()
    recorded, plain = Recorded(tmp_path, held, catalogue), Web(tmp_path, held, catalogue)
    preview = recorded.written(Route.API_BANNERS, SHOES, b"quarter=1")
    assert "/e/" not in preview
    expected = plain.served(SHOES)
    assert json.loads(preview).keys() == expected.keys()
    assert {each["click_url"] for each in json.loads(preview)["banners"]} == {
        each["click_url"] for each in expected["banners"]
    }
    assert recorded.recorder is not None
    status, headers, _ = recorded.answer(Route.BANNER, SHOES)
    assert (status, dict(headers)[b"location"][:20]) == (302, b"/static/images/image")
    assert recorded.answer(Route.BANNER, SHOES, method="HEAD") is not None
    assert (recorded.recorder.counts.bare, recorded.recorder.counts.served) == (1, 0)


def test_a_head_has_the_length_of_a_get_and_is_not_counted(tmp_path: Path) -> None:
    held, catalogue = all_linked()
    recorded = Recorded(tmp_path, held, catalogue)
    assert recorded.recorder is not None
    # As it is decided in the web application.
    recorded.recorder.judge = lambda _, asked, __: UNCOUNTED if asked.method == "HEAD" else CLEAN
    _, _, got = recorded.answer(Route.CAMPAIGN, SHOES)
    _, _, asked = recorded.answer(Route.CAMPAIGN, SHOES, method="HEAD")
    assert len(got) == len(asked)
    assert recorded.recorder.counts.served == 1


def test_a_visitor_who_is_not_recorded_gets_the_page_without_a_token(tmp_path: Path) -> None:
    held, catalogue = all_linked()
    recorded, plain = Recorded(tmp_path, held, catalogue), Web(tmp_path, held, catalogue)
    assert recorded.recorder is not None
    recorded.recorder.judge = lambda *_: UNCOUNTED
    page = recorded.written(Route.CAMPAIGN, SHOES)
    assert sorted(page.splitlines()) == sorted(plain.page(SHOES).splitlines())


def test_a_page_that_is_prerendered_is_asked_for_again(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path, *all_linked())
    judged: list[Subject] = []

    def judge(subject: Subject, _asked: Asked, _second: float, /) -> Verdict:
        judged.append(subject)
        return ASK_AGAIN

    assert recorded.recorder is not None
    recorded.recorder.judge = judge
    for route, query in (
        (Route.CAMPAIGN, b""),
        (Route.BANNER, FRAMED),
        (Route.API_BANNERS, b""),
    ):
        status, headers, _ = recorded.answer(route, SHOES, query)
        assert (status, dict(headers)[b"cache-control"]) == (503, b"no-store")
    assert judged == [Subject.PAGE, Subject.FRAME, Subject.JSON]


def test_crawlers_get_a_token(tmp_path: Path) -> None:
    recorded = Recorded(tmp_path, *all_linked())
    assert recorded.recorder is not None
    recorded.recorder.judge = lambda *_: Verdict(Traffic.CRAWLER)
    assert "/e/" in recorded.written(Route.CAMPAIGN, SHOES)


def test_recording_does_not_change_the_rotation(tmp_path: Path) -> None:
    held, catalogue = all_linked()
    recorded = Recorded(tmp_path, held, catalogue)
    asked = Asked([(b"cookie", b"rotation_page=11")])
    for _ in range(50):
        found = recorded.delivery.answer_recorded(Route.CAMPAIGN.at(campaign_id=SHOES), asked)
        assert found is not None
        cookie = dict(headers_of(found.reply))[b"set-cookie"]
        first = view_in(text(found.reply)).banner_ids[0]
        assert first != 11
        assert cookie.startswith(b"rotation_page=%d; Path=/campaigns/%d;" % (first, SHOES))


def test_without_a_catalogue_there_are_no_views(tmp_path: Path) -> None:
    held = Held(earned(11, 12, 13, 14, 15))
    recorded = Recorded(tmp_path, held, NO_CATALOGUE)
    assert "/e/" not in recorded.written(Route.CAMPAIGN, SHOES)
    assert "impression_url" not in recorded.written(Route.API_BANNERS, SHOES)
