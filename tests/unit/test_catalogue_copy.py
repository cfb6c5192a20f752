"""A worker's copy of the catalogue follows the version in force, over a source in memory."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banners.core.catalogue import CatalogueBanner, CatalogueCampaign
from banners.errors import StoreUnavailable
from banners.serve import catalogue
from banners.serve.catalogue import NO_CATALOGUE, Catalogue
from banners.serve.catalogue_copy import CatalogueCopy
from support.held_catalogues import Versions, version

Campaigns = dict[int, CatalogueCampaign]

texts = st.text(max_size=8)
moments = st.none() | st.integers(0, 2**40)
banners = st.builds(
    CatalogueBanner,
    banner_id=st.integers(1, 4) | st.integers(1, 10**18 - 1),
    name=texts,
    landing_url=texts,
    image=texts,
    starts=moments,
    ends=moments,
    active=st.booleans(),
)
campaigns = st.builds(
    CatalogueCampaign,
    campaign_id=st.integers(1, 5),
    name=texts,
    policy=texts,
    starts=moments,
    ends=moments,
    active=st.booleans(),
    banners=st.lists(banners, max_size=3).map(tuple),
)
versions = st.lists(campaigns, max_size=4).map(
    lambda some: {each.campaign_id: each for each in some}
)


SHOES = CatalogueCampaign(campaign_id=1, name="Shoes")
BOOTS = CatalogueCampaign(campaign_id=2, name="Boots")
PAUSED = replace(SHOES, active=False)


def all_of(held: Catalogue | None) -> Campaigns:
    assert held is not None
    found = {campaign_id: held.campaign(campaign_id) for campaign_id in held.records}
    return {key: each for key, each in found.items() if each}


@given(st.lists(versions, min_size=1, max_size=4))
def test_the_copy_is_equal_to_every_version_that_it_follows(history: Sequence[Campaigns]) -> None:
    source = Versions(*history)
    copy = CatalogueCopy(source)
    for number, campaigns in enumerate(history, start=1):
        source.current = number
        copy.load()
        assert all_of(copy.held) == campaigns
    assert source.complete_reads == 1


def test_nothing_is_known_before_the_first_load() -> None:
    assert CatalogueCopy(Versions()).held is None


def test_it_is_known_that_there_is_no_catalogue_without_reading_one() -> None:
    source = Versions()
    copy = CatalogueCopy(source)
    copy.load()
    assert copy.held == NO_CATALOGUE
    assert not copy.held.exists
    assert source.complete_reads == 0


def test_the_first_version_is_read_completely_after_there_was_none() -> None:
    source = Versions({1: SHOES})
    source.current = 0
    copy = CatalogueCopy(source)
    copy.load()
    source.current = 1
    copy.load()
    assert all_of(copy.held) == {1: SHOES}
    assert copy.held is not None
    assert copy.held.before is None


def test_a_version_names_what_it_changed_and_the_version_before_it() -> None:
    source = Versions({1: SHOES, 2: BOOTS}, {1: PAUSED})
    source.current = 1
    copy = CatalogueCopy(source)
    copy.load()
    source.current = 2
    copy.load()
    assert copy.held is not None
    assert (copy.held.before, copy.held.changed) == (version(1), frozenset({1, 2}))
    assert 2 not in copy.held


def test_a_copy_that_is_up_to_date_is_not_replaced() -> None:
    copy = CatalogueCopy(Versions({1: SHOES}))
    copy.load()
    held = copy.held
    copy.load()
    assert copy.held is held


def test_the_copy_stays_while_the_source_is_gone_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = Versions({1: SHOES})
    copy = CatalogueCopy(source)
    copy.load()
    source.is_gone = True
    copy.load()
    copy.load()
    assert isinstance(copy.source_error, StoreUnavailable)
    assert all_of(copy.held) == {1: SHOES}
    warnings = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert warnings == ["Version 1 of the catalogue stays in use: The database is gone."]
    source.is_gone = False
    copy.load()
    assert copy.source_error is None


def test_a_start_without_the_source_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    source = Versions({1: SHOES})
    source.is_gone = True
    copy = CatalogueCopy(source)
    for _ in range(3):
        copy.load()
    assert copy.held is None
    assert isinstance(copy.source_error, StoreUnavailable)
    (said,) = caplog.messages
    assert said.startswith("Nothing is shown until it is known whether there is a catalogue: ")


def test_a_catalogue_that_the_source_has_lost_stays() -> None:
    source = Versions({1: PAUSED})
    copy = CatalogueCopy(source)
    copy.load()
    source.current = 0
    copy.load()
    assert all_of(copy.held) == {1: PAUSED}
    assert isinstance(copy.source_error, StoreUnavailable)


def test_a_database_that_was_restored_is_read_completely() -> None:
    source = Versions({1: SHOES}, {1: SHOES, 2: BOOTS})
    copy = CatalogueCopy(source)
    copy.load()
    source.current, source.stamp = 1, "2027"
    copy.load()
    assert all_of(copy.held) == {1: SHOES}
    assert copy.held is not None
    assert copy.held.before is None


def test_the_source_is_closed_and_the_copy_stays() -> None:
    source = Versions({1: SHOES})
    copy = CatalogueCopy(source)
    copy.load()
    copy.close()
    assert source.is_closed
    assert all_of(copy.held) == {1: SHOES}


def test_each_change_of_the_copy_is_reported() -> None:
    found: list[tuple[int, list[int]]] = []
    uploaded = CatalogueBanner(banner_id=4, name="", image="f" * 64)
    plain = CatalogueBanner(banner_id=5, name="")
    shown = replace(SHOES, banners=(uploaded, plain))
    source = Versions({1: shown, 2: BOOTS}, {1: shown, 2: replace(BOOTS, banners=(uploaded,))})
    copy = CatalogueCopy(source, on_load=lambda held, ids: found.append((held.number, [*ids])))
    assert copy.image_of(4) is None
    for number in (1, 1, 2):
        source.current = number
        copy.load()
    assert found == [(1, [4]), (2, [4])]
    assert (copy.image_of(4), copy.image_of(5), copy.image_of(6)) == ("f" * 64, "", None)


def test_it_is_known_since_when_a_campaign_is_paused() -> None:
    source = Versions(
        {1: PAUSED}, {1: PAUSED, 2: BOOTS}, {1: PAUSED, 2: replace(BOOTS, active=False)}
    )
    copy = CatalogueCopy(source)
    found = []
    for source.current in (1, 2, 3):
        copy.load()
        assert copy.held is not None
        found.append(copy.held.paused)
    # The second version pauses nothing, so that nothing is asked.
    assert found == [{1: 1}, {1: 1}, {1: 3, 2: 3}]


def test_another_worker_may_know_that_there_is_no_catalogue_while_the_source_is_gone() -> None:
    source = Versions({1: SHOES})
    source.is_gone = True
    known = iter([False, True])
    copy = CatalogueCopy(source, is_known_absent=lambda: next(known))
    found = []
    for _ in range(3):
        copy.load()
        found.append(copy.held)
    assert found == [None, NO_CATALOGUE, NO_CATALOGUE]
    source.is_gone = False
    copy.load()
    assert all_of(copy.held) == {1: SHOES}


@given(st.lists(versions, min_size=1, max_size=4))
def test_images_are_found_by_banners_in_every_version(history: Sequence[Campaigns]) -> None:
    source = Versions(*history)
    copy = CatalogueCopy(source)
    ids = {each.banner_id for one in history for some in one.values() for each in some.banners}
    for number, campaigns in enumerate(history, start=1):
        source.current = number
        copy.load()
        assert copy.held is not None
        pairs = [pair for some in campaigns.values() for pair in some.banners]
        for banner_id in ids:
            images = [each.image for each in pairs if each.banner_id == banner_id]
            found = copy.held.image_of(banner_id)
            assert found == copy.held.image_of(banner_id)
            assert (found in images) if any(images) else (found == ("" if images else None))


def test_only_some_images_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_REMEMBERED", 2)
    banners = tuple(CatalogueBanner(banner_id=each, name="", image=f"{each}") for each in (1, 2, 3))
    copy = CatalogueCopy(Versions({1: replace(SHOES, banners=banners)}))
    copy.load()
    assert copy.held is not None
    for _ in range(2):
        assert [copy.held.image_of(each) for each in (1, 2, 3, 4)] == ["1", "2", "3", None]


def test_every_pair_of_a_campaign_and_a_banner_has_a_place() -> None:
    banners = tuple(CatalogueBanner(banner_id=each, name="") for each in (4, 5, 6))
    campaigns = {
        1: replace(SHOES, banners=banners[:2]),
        2: BOOTS,
        3: replace(SHOES, campaign_id=3, banners=banners),
    }
    copy = CatalogueCopy(Versions(campaigns))
    copy.load()
    assert copy.held is not None
    pairs = [copy.held.pair(place) for place in range(copy.held.pairs)]
    assert pairs == [(1, 0), (1, 1), (3, 0), (3, 1), (3, 2)]
    assert [copy.held.record(3).banner(place).banner_id for place in range(3)] == [4, 5, 6]
    assert NO_CATALOGUE.pairs == 0
