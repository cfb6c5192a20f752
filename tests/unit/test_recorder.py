"""The recorder: what is recorded of a view, what is not, and where clicks lead."""

import string
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.catalogue.values import parse_landing_url
from banners.collect.token import LONGEST_TOKEN, Tokens
from banners.core.slots import SLOT_SECONDS
from banners.core.views import Traffic, View, event_id
from banners.serve.catalogue import Catalogue
from banners.web.recording.counts import Outcome
from banners.web.recording.judging import ASK_AGAIN, UNCOUNTED, Asked, Subject, Verdict
from banners.web.recording.landing import MOST_KEPT, LandingPages
from banners.web.recording.recorder import ASKED_AGAIN, OLDEST_SLOTS, Recorder
from support.event_logs import SLOT, logged, view_of
from support.held_catalogues import Holder, banner, campaign, catalogue_of
from support.recorders import KEY, HeldTurns, recorder_over

SHOES, BOOTS = 54, 55
SECOND = SLOT * SLOT_SECONDS + 100
ASKED, HEAD = Asked([]), Asked([], method="HEAD")
TOKENS = Tokens([KEY])


def catalogue() -> Catalogue:
    return catalogue_of(
        campaign(
            SHOES,
            banner(251, landing_url="https://shop.example/b?click={click}&x=1"),
            banner(414, landing_url="https://shop.example/a"),
            banner(415),
        ),
        campaign(BOOTS, banner(600, landing_url="https://boots.example/{click}/#top")),
    )


@pytest.fixture
def recorder(tmp_path: Path) -> Recorder:
    return recorder_over(tmp_path, Holder(catalogue()))


def token_of(view: View) -> bytes:
    return TOKENS.view_token(view)


def both(recorder: Recorder, outcome: Outcome) -> tuple[int, int]:
    """Return how many impressions and clicks had an outcome."""
    return recorder.counts.impressions[outcome], recorder.counts.clicks[outcome]


def records(recorder: Recorder, events: Path) -> list[bytes]:
    assert recorder.turns.log.flush()
    return logged(events)


def test_a_view_that_is_seen_is_recorded_with_its_traffic(
    recorder: Recorder, tmp_path: Path
) -> None:
    assert recorder.seen(token_of(view_of(1)), ASKED, SECOND)
    recorder.judge = lambda *_: Verdict(Traffic.CRAWLER)
    assert recorder.seen(token_of(view_of(2)), ASKED, SECOND)
    first, second = records(recorder, tmp_path)
    assert first == b"i,%d,clean,%d,54,3,rule,1,0,414;251," % (SLOT, SLOT % 4 + 1)
    assert b",crawler," in second


def test_a_click_leads_to_the_landing_page_with_its_token(
    recorder: Recorder, tmp_path: Path
) -> None:
    view = view_of(7)
    click = recorder.click(token_of(view), 2, ASKED, SECOND)
    assert click is not None
    assert click.is_recorded
    before, after = b"https://shop.example/b?click=", b"&x=1"
    assert click.address.startswith(before)
    assert click.address.endswith(after)
    found = TOKENS.read_click(click.address[len(before) : -len(after)])
    assert found is not None
    assert (found.slot, found.click_id) == (SLOT, event_id(7, 2))
    (record,) = records(recorder, tmp_path)
    assert record == b"c,%d,clean,%d,54,3,rule,%d,251,0,2" % (SLOT, SLOT % 4 + 1, event_id(7, 2))


def test_a_landing_page_without_a_place_for_the_token_is_as_it_is(recorder: Recorder) -> None:
    click = recorder.click(token_of(view_of(7)), 1, ASKED, SECOND)
    assert click == (b"https://shop.example/a", True)


def test_fill_leads_to_the_page_of_its_owner(recorder: Recorder, tmp_path: Path) -> None:
    view = view_of(7, banners=(414, 600))._replace(fill=(0, BOOTS))
    click = recorder.click(token_of(view), 2, ASKED, SECOND)
    assert click is not None
    token, _, end = click.address.removeprefix(b"https://boots.example/").partition(b"/")
    assert end == b"#top"
    assert TOKENS.read_click(token) is not None
    (record,) = records(recorder, tmp_path)
    assert record.split(b",")[4] == b"%d" % BOOTS


@pytest.mark.parametrize(
    "view",
    [
        view_of(7, banners=(415,)),  # without a landing page
        view_of(7, banners=(999,)),  # not in the campaign
        view_of(7, banners=(414,))._replace(campaign_id=999),  # not in the catalogue
    ],
)
def test_what_the_catalogue_does_not_lead_to_leads_nowhere(
    recorder: Recorder, tmp_path: Path, view: View
) -> None:
    assert recorder.click(token_of(view), 1, ASKED, SECOND) is None
    recorder.click_failed(token_of(view), 1)
    assert recorder.counts.clicks[Outcome.NOWHERE] == 1
    assert recorder.counts.clicks[Outcome.BAD_TOKEN] == 0
    assert not records_of_nothing(recorder, tmp_path)


def records_of_nothing(recorder: Recorder, events: Path) -> bool:
    assert recorder.turns.log.flush()
    return (events / "log").exists()


@pytest.mark.parametrize("position", [0, 3, 15, 16])
def test_a_place_that_the_view_does_not_have_is_a_bad_link(
    recorder: Recorder, position: int
) -> None:
    token = token_of(view_of(1))
    assert recorder.click(token, position, ASKED, SECOND) is None
    recorder.click_failed(token, position)
    assert recorder.counts.clicks[Outcome.BAD_TOKEN] == 1


def test_every_changed_character_makes_a_token_bad(recorder: Recorder, tmp_path: Path) -> None:
    good = token_of(view_of(1)).decode()
    letters = string.ascii_letters + string.digits + "-_"
    forged = {
        good[:place] + letter + good[place + 1 :]
        for place in range(len(good))
        for letter in letters[place % 7 :: 7]
    } - {good}
    for each in forged:
        assert not recorder.seen(each.encode(), ASKED, SECOND)
        assert recorder.click(each.encode(), 1, ASKED, SECOND) is None
    assert recorder.counts.impressions[Outcome.BAD_TOKEN] == len(forged)
    assert not records_of_nothing(recorder, tmp_path)


@given(st.one_of(st.binary(max_size=LONGEST_TOKEN + 20), st.text(max_size=200)))
def test_no_text_is_a_good_token(text: bytes | str) -> None:
    token = text if isinstance(text, bytes) else text.encode("utf-8", "replace")
    recorder = recorder_over(Path("nowhere"), Holder(catalogue()))
    assert not recorder.seen(token, ASKED, SECOND)
    assert recorder.click(token, 1, ASKED, SECOND) is None


def test_a_token_of_a_click_or_of_another_key_is_none_of_a_view(recorder: Recorder) -> None:
    click = TOKENS.click_token(SLOT, event_id(1, 1), SHOES)
    other = Tokens([b"another key of 32 characters...."]).view_token(view_of(1))
    for each in (click, other):
        assert not recorder.seen(each, ASKED, SECOND)
        assert recorder.click(each, 1, ASKED, SECOND) is None


@pytest.mark.parametrize(("age", "counts"), [(0, True), (OLDEST_SLOTS, True), (97, False)])
def test_a_view_counts_for_a_day(recorder: Recorder, age: int, counts: bool) -> None:
    token = token_of(view_of(1))
    second = SECOND + age * SLOT_SECONDS
    click = recorder.click(token, 2, ASKED, second)
    assert click is not None
    assert click.is_recorded is counts
    assert (click.address == b"https://shop.example/b?click=&x=1") is not counts
    assert recorder.seen(token, ASKED, second) is counts
    assert both(recorder, Outcome.TOO_OLD) == ((0, 0) if counts else (1, 1))


def test_a_view_of_a_clock_that_is_ahead_counts(recorder: Recorder) -> None:
    assert recorder.seen(token_of(view_of(1, slot=SLOT + 2)), ASKED, SECOND)


def test_what_does_not_count_is_redirected_without_a_token(
    recorder: Recorder, tmp_path: Path
) -> None:
    token = token_of(view_of(1))
    assert recorder.click(token, 2, HEAD, SECOND) == (b"https://shop.example/b?click=&x=1", False)
    assert not recorder.seen(token, HEAD, SECOND)
    assert both(recorder, Outcome.UNCOUNTED) == (1, 1)
    assert not records_of_nothing(recorder, tmp_path)


def test_a_click_that_is_left_out_is_recorded_without_a_token(recorder: Recorder) -> None:
    recorder.judge = lambda *_: Verdict(Traffic.FLOOD)
    click = recorder.click(token_of(view_of(1)), 2, ASKED, SECOND)
    assert click == (b"https://shop.example/b?click=&x=1", True)


def test_a_prefetched_click_is_asked_for_again(recorder: Recorder) -> None:
    recorder.judge = lambda *_: ASK_AGAIN
    assert recorder.click(token_of(view_of(1)), 2, ASKED, SECOND) == ASKED_AGAIN
    assert both(recorder, Outcome.UNCOUNTED) == (0, 1)


def test_bad_tokens_are_not_judged(recorder: Recorder) -> None:
    judged: list[Subject] = []

    def judge(subject: Subject, _asked: Asked, _second: float, /) -> Verdict:
        judged.append(subject)
        return UNCOUNTED

    recorder.judge = judge
    recorder.seen(b"bad", ASKED, SECOND)
    recorder.click(b"bad", 1, ASKED, SECOND)
    recorder.seen(token_of(view_of(1)), ASKED, SECOND)
    recorder.click(token_of(view_of(1)), 1, ASKED, SECOND)
    assert judged == [Subject.SEEN, Subject.CLICK]


def test_what_finds_no_room_is_refused_and_redirected(tmp_path: Path) -> None:
    recorder = recorder_over(tmp_path, Holder(catalogue()), most_buffered=10)
    token = token_of(view_of(1))
    assert not recorder.seen(token, ASKED, SECOND)
    click = recorder.click(token, 2, ASKED, SECOND)
    assert click == (b"https://shop.example/b?click=&x=1", False)
    assert both(recorder, Outcome.NOT_KEPT) == (1, 1)


def test_nothing_is_recorded_after_the_end(recorder: Recorder) -> None:
    assert isinstance(recorder.turns, HeldTurns)
    recorder.turns.opened = False
    token = token_of(view_of(1))
    assert not recorder.seen(token, ASKED, SECOND)
    assert recorder.click(token, 2, ASKED, SECOND) == (b"https://shop.example/b?click=&x=1", False)
    assert recorder.views(ASKED, SECOND) is None
    assert both(recorder, Outcome.NOT_KEPT) == (1, 1)


def test_without_keys_nothing_is_recorded(tmp_path: Path) -> None:
    recorder = recorder_over(tmp_path, Holder(catalogue()), tokens=None)
    assert recorder.views(ASKED, SECOND) is None
    assert not recorder.seen(token_of(view_of(1)), ASKED, SECOND)
    recorder.tokens = TOKENS
    assert recorder.views(ASKED, SECOND) is not None


def test_before_the_catalogue_is_known_clicks_lead_nowhere(tmp_path: Path) -> None:
    recorder = recorder_over(tmp_path, Holder(None))
    assert recorder.click(token_of(view_of(1)), 1, ASKED, SECOND) is None


def test_a_later_version_of_the_catalogue_leads_elsewhere(tmp_path: Path) -> None:
    holder = Holder(catalogue())
    recorder = recorder_over(tmp_path, holder)
    token = token_of(view_of(1))
    assert recorder.click(token, 1, ASKED, SECOND) == (b"https://shop.example/a", True)
    moved = banner(414, landing_url="https://shop.example/moved", active=False)
    holder.held = catalogue_of(campaign(SHOES, moved, active=False), number=2)
    assert recorder.click(token, 1, ASKED, SECOND) == (b"https://shop.example/moved", True)


LANDING = "https://bücher.example/straße?q=é{click}#ü"


def test_an_address_with_other_letters_is_encoded_as_in_links(tmp_path: Path) -> None:
    assert parse_landing_url(LANDING) == LANDING
    holder = Holder(catalogue_of(campaign(SHOES, banner(414, landing_url=LANDING))))
    recorder = recorder_over(tmp_path, holder, judge=lambda *_: UNCOUNTED)
    click = recorder.click(token_of(view_of(1)), 1, ASKED, SECOND)
    assert click is not None
    text = click.address.decode("ascii")
    assert unquote(text) == LANDING.replace("{click}", "")
    assert text == quote(unquote(text), safe=":/?#=")


@given(st.lists(st.integers(1, 10**18 - 1), min_size=1, max_size=180, unique=True), st.data())
def test_a_banner_is_found_by_its_id(ids: list[int], data: st.DataObject) -> None:
    banners = [banner(each, landing_url=f"https://a.example/{each}") for each in sorted(ids)]
    held = catalogue_of(campaign(SHOES, *banners))
    wanted = data.draw(st.one_of(st.sampled_from(ids), st.integers(1, 10**18 - 1)))
    found = held.record(SHOES).find(wanted)
    assert found == next((each for each in banners if each.banner_id == wanted), None)


def test_a_campaign_without_banners_has_none() -> None:
    assert catalogue_of(campaign(SHOES)).record(SHOES).find(1) is None


def test_landing_pages_are_kept_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("banners.web.recording.landing.MOST_KEPT", 3)
    assert MOST_KEPT > 3
    pages, held = LandingPages(), catalogue()
    for each in (251, 414, 415, 1, 2, 3, 4):
        pages.find(held, SHOES, each)
        assert len(vars(pages)["_kept"]) <= 3


def test_views_are_counted_as_served_unless_only_the_head_is_asked_for(recorder: Recorder) -> None:
    for asked in (ASKED, HEAD):
        views = recorder.views(asked, SECOND)
        assert views is not None
        view = view_of(1)
        token = views.make(
            *(view.quarter, view.campaign_id, 3, view.group, [414, 251], (0, 54)), paused=True
        )
        found = TOKENS.read_view(token)
        assert found is not None
        assert found == view._replace(view_id=found.view_id, fill=(0, 54), paused=True)
        views.count_bare()
    assert (recorder.counts.served, recorder.counts.bare) == (1, 1)


def test_a_view_belongs_to_the_slot_in_which_it_is_served(recorder: Recorder) -> None:
    for slot, second in ((SLOT, 0), (SLOT, 899.9), (SLOT + 1, 0), (SLOT - 1, 0)):
        views = recorder.views(ASKED, slot * SLOT_SECONDS + second)
        assert views is not None
        view = view_of(1)
        token = views.make(view.quarter, 54, 3, view.group, [1], paused=False)
        found = TOKENS.read_view(token)
        assert found is not None
        assert found.slot == slot
