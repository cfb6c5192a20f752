"""Operators edit the catalogue on its pages, over real HTTP and with everything real behind."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest

from banners.core.model import Quarter
from banners.images.check import check
from banners.settings import load_settings
from banners.store.connect import open_database
from banners.wiring.catalogue import catalogue_writer
from support.catalogue_pages import ADA, FILES, RITA, Operator, cards, images, installation
from support.catalogues import campaign
from support.html_text import text_of
from support.publishing import publish
from support.servers import until
from support.tiny_images import IMAGES

BANNERS = "/catalogue/1"
HOME = "/campaigns"


def test_an_empty_installation_says_how_to_begin(ada: Operator) -> None:
    assert "There is no campaign yet. Name the first one" in ada.page(HOME)


def test_a_new_campaign_needs_nothing_but_a_name(ada: Operator) -> None:
    answer = ada.send("/catalogue", page=HOME, name=" Spring <sale> ")
    assert answer.url.path == BANNERS
    assert "<h1>Spring &lt;sale&gt;</h1>" in answer.text
    assert "Campaign 1 “Spring <sale>” was added." in text_of(answer.text)
    assert "No banner yet" in answer.text
    assert "Spring &lt;sale&gt;" in ada.page(HOME)


def test_an_address_that_is_shortened_leads_to_the_list(ada: Operator) -> None:
    answer = ada.client.get("/catalogue")
    assert (answer.url.path, answer.status_code) == (HOME, 200)


def test_where_campaigns_are_published_the_first_of_a_catalogue_says_what_becomes_of_them(
    tmp_path: Path,
) -> None:
    publish(open_database(f"sqlite:///{tmp_path}/banners.db", create=True), 10, *Quarter)
    asked = "campaigns that are published now are no longer shown"
    with installation(tmp_path) as here, Operator(here, *ADA) as ada:
        until(lambda: "Nothing is published" not in ada.page(HOME))
        page = ada.page(HOME)
        assert asked in page
        assert re.search(r'<input type="checkbox" name="begin" value="yes" required', page)
        refused = ada.send("/catalogue", page=HOME, name="", begin="yes")
        assert refused.status_code == 400
        assert asked in refused.text
        unconfirmed = ada.send("/catalogue", page=HOME, name="Sale")
        assert unconfirmed.status_code == 400
        assert 'id="begin-fault" role="alert">Tick this to confirm it' in unconfirmed.text
        assert 'value="Sale"' in unconfirmed.text
        assert asked in ada.page(HOME)
        confirmed = ada.send("/catalogue", page=HOME, name="Sale", begin="yes")
        # It is tried: what is published has the largest id, so that there is none for another.
        assert "There is no free id" in text_of(confirmed.text)


def test_later_campaigns_are_added_without_a_question(tmp_path: Path) -> None:
    by_figures = f"{HOME}?quarter=1"
    with installation(tmp_path) as here, Operator(here, *ADA) as ada:
        ada.new_campaign("Sale")
        publish(open_database(f"sqlite:///{tmp_path}/banners.db", create=True), 10, *Quarter)
        until(lambda: ada.client.get(by_figures).status_code == 200)
        for address in (HOME, by_figures):
            page = ada.page(address)
            assert 'action="/catalogue"' in page
            assert 'name="begin"' not in page


def test_a_campaign_without_a_name_is_refused_beside_the_field(ada: Operator) -> None:
    answer = ada.send("/catalogue", page=HOME, name="  ")
    assert answer.status_code == 400
    assert 'id="name-fault" role="alert">The name is empty; expected what people' in answer.text


def test_a_campaign_is_paused_resumed_ended_and_shown_again(ada: Operator, sale: str) -> None:
    for action, state in (
        ("pause", "paused"),
        ("resume", "on"),
        ("end", "ended"),
        ("continue", "on"),
    ):
        answer = ada.send(sale, page=sale, action=action)
        assert f'<p class="facts"><span class="state {state}">' in answer.text


def test_an_undone_campaign_leads_back_to_the_list(ada: Operator) -> None:
    here = ada.new_campaign("Sale")
    answer = ada.send(f"{here}/history", page=here, undo="1")
    assert answer.url.path == HOME
    assert ada.client.get(here).status_code == 404


def test_the_name_and_the_dates_of_a_campaign_are_changed(ada: Operator, sale: str) -> None:
    entered = {"name": "Winter", "starts": "2090-12-01T10:00", "ends": "2090-12-24T18:00:30"}
    answer = ada.send(f"{sale}/edit", page=f"{sale}/edit", **entered)
    assert "<h1>Winter</h1>" in answer.text
    assert "Starts 1 Dec 2090, 10:00" in text_of(answer.text)
    form = ada.page(f"{sale}/edit")
    assert all(f'value="{value}"' in form for value in entered.values())


def test_times_are_those_of_the_configured_zone(tmp_path: Path) -> None:
    with (
        installation(tmp_path, timezone="Asia/Kolkata") as here,
        Operator(here, *ADA) as ada,
    ):
        sale = ada.new_campaign("Sale")
        entered = {"name": "Sale", "starts": "2090-12-01T10:00"}
        answer = ada.send(f"{sale}/edit", page=f"{sale}/edit", **entered)
    assert '<time datetime="2090-12-01T04:30:00Z"' in answer.text
    assert "Starts 1 Dec 2090, 10:00" in text_of(answer.text)


def test_the_last_second_of_9999_is_shown_in_a_zone_in_which_it_is_in_the_next_year(
    tmp_path: Path,
) -> None:
    with (
        installation(tmp_path, timezone="Asia/Kolkata") as here,
        Operator(here, *ADA) as ada,
    ):
        sale = ada.new_campaign("Sale")
        entered = {"name": "Sale", "starts": "9999-12-31T23:59:59Z"}
        answer = ada.send(f"{sale}/edit", page=f"{sale}/edit", **entered)
        assert "Starts 31 Dec 9999, 23:59" in text_of(answer.text)
        assert 'value="9999-12-31T23:59:59"' in ada.page(f"{sale}/edit")
        assert "9999-12-31 23:59:59 UTC" in ada.page(f"{sale}/history")


def test_a_change_that_another_has_overtaken_is_refused_with_what_the_other_changed(
    ada: Operator, sale: str
) -> None:
    edit = f"{sale}/banners/1"
    ada.upload(edit, page=edit, files={}, name="Of another")
    late = ada.upload(edit, page=edit, files={}, name="Mine", seen="2")
    assert late.status_code == 409
    assert "Somebody else has changed this in the meantime, so nothing was changed." in late.text
    assert "renamed from “Spring sale”" in late.text
    assert 'value="Mine"' in late.text
    again = ada.send(f"{sale}/banners/1/state", page=sale, action="pause", seen="2")
    assert again.status_code == 409
    assert cards(again.text)[0] == "Of another: on"
    renamed = ada.send(f"{sale}/edit", page=f"{sale}/edit", name="First")
    assert renamed.status_code == 200
    second = ada.send(f"{sale}/edit", page=f"{sale}/edit", name="Second", seen="2")
    assert (second.status_code, "<h1>First</h1>" in second.text) == (409, True)
    assert 'value="Second"' in second.text


def test_the_history_tells_who_changed_what_and_undoes_it(ada: Operator, sale: str) -> None:
    ada.send(f"{sale}/banners/1/state", page=sale, action="pause")
    page = ada.page(f"{sale}/history")
    changes = re.findall(r"<li class=\"changed\">.*?</li>", page, re.DOTALL)
    assert len(changes) == 3
    assert "Banner 1 “Spring sale” of campaign 1: paused." in text_of(changes[0])
    assert "ada" in text_of(changes[0])
    refused = ada.send(f"{sale}/history", page=sale, undo="2")
    assert refused.status_code == 409
    assert "Nothing was undone." in refused.text
    assert "paused" in text_of(refused.text)
    unknown = ada.send(f"{sale}/history", page=sale, undo="99")
    assert "There is no version 99." in unknown.text


@pytest.mark.parametrize("name", ["Sale", "<Sale> & " * 20])
def test_a_long_history_is_cut_where_the_page_is_full(tmp_path: Path, name: str) -> None:
    settings = load_settings({"database_url": f"sqlite:///{tmp_path}/banners.db"}, environment={})
    with installation(tmp_path) as here, Operator(here, *ADA) as ada:
        writer = catalogue_writer(settings)
        for turn in range(100):
            writer.replace([campaign(1, 1, name=f"{name}{turn}")], by="ada", what="a name")
        until(lambda: f"{turn}" in text_of(ada.page(BANNERS)))
        renamed = ada.page(f"{BANNERS}/history")
        writer.replace([campaign(1, *range(1, 3_001))], by="ada", what="many banners")
        many = ada.page(f"{BANNERS}/history")
        writer.close()
    assert len(renamed.encode()) < 100_000
    assert "Older changes are not shown." in renamed
    assert len(many.encode()) < 100_000
    (left_out,) = re.findall(r"<p>And ([0-9,]+) more\.</p>", many)
    # The name of the campaign has changed as well.
    shown = len(re.findall(r"<p>(?:Banner|Campaign) [0-9]+ ", many))
    assert shown + int(left_out.replace(",", "")) == 3_000


def test_the_house_campaign_is_chosen_and_put_away(ada: Operator, sale: str) -> None:
    embed = f"{sale}/embed"
    other = ada.new_campaign("House")
    assert "Then the frame is empty" in ada.page(embed)
    chosen = ada.send(f"{other}/embed", page=f"{other}/embed", house="this")
    assert "is the <strong>house campaign</strong>" in chosen.text
    assert f'<a href="{other}/embed">House</a>' in ada.page(embed)
    late = ada.send(embed, page=embed, house="this", seen="3")
    assert late.status_code == 409
    none = ada.send(f"{other}/embed", page=f"{other}/embed", house="none")
    assert "Then the frame is empty" in none.text


def test_the_snippets_are_to_be_pasted_as_they_are(ada: Operator, sale: str) -> None:
    page = ada.page(f"{sale}/embed")
    snippet, address = re.findall(
        r'<textarea id="\w+-code"[^>]* readonly [^>]*>(.*?)</textarea>', page
    )
    found = re.fullmatch(
        r'<iframe src="http://[^"]*/campaigns/1/banner\?format=html" width="\d+" height="\d+" '
        r'style="border:0" title="Banner"></iframe>',
        unescape(snippet),
    )
    # The size is the usual one until this worker has followed the change.
    assert found
    assert address.endswith("/api/v1/campaigns/1/banners")


def test_forms_of_a_campaign_are_marked_as_parts_of_its_banners(ada: Operator, sale: str) -> None:
    for path in (f"{sale}/edit", f"{sale}/banners/1"):
        assert 'aria-current="true">Banners</a>' in ada.page(path)


def test_the_list_is_searched_filtered_sorted_and_turned(ada: Operator, sale: str) -> None:
    for number in range(2, 54):
        ada.new_campaign(f"Shop {number:02}")
    ada.send("/catalogue/2", page="/catalogue/2", action="pause")
    assert sale == BANNERS

    def names(query: str) -> list[str]:
        return re.findall(r'<th scope="row"><a [^>]*>(.*?)</a>', ada.page(HOME + query))

    assert (len(names("")), names("")[:2]) == (50, ["Sale", "Shop 02"])
    assert names("?from=2") == ["Shop 51", "Shop 52", "Shop 53"]
    assert names("?order=-campaign")[0] == "Shop 53"
    assert names("?q=SPRING") == ["Sale"]
    assert names("?state=paused") == ["Shop 02"]
    assert names("?q=5&order=campaign") == [
        f"Shop {each}" for each in ("05", 15, 25, 35, 45, *range(50, 54))
    ]
    assert "there is no page 9." in text_of(ada.page(f"{HOME}?from=9"))
    assert ada.client.get(f"{HOME}?state=odd").status_code == 400


def test_a_row_of_the_list_tells_what_is_shown_now(ada: Operator, sale: str) -> None:
    ada.send(f"{sale}/banners/1/state", page=sale, action="pause")
    ada.new_campaign("Empty")
    page = ada.page(HOME)
    empty, row = re.findall(r"<tr><th scope=\"row\">.*?</tr>", page, re.DOTALL)
    assert row.count("<img ") == 2
    assert "2 shown now" in text_of(row)
    assert "Nothing to show" in text_of(empty)


@pytest.mark.parametrize(
    "path",
    [
        "/catalogue/7",
        "/catalogue/7/edit",
        "/catalogue/7/embed",
        "/catalogue/7/history",
        "/catalogue/1/banners/99",
        "/catalogue/images/" + "0" * 64,
    ],
)
def test_what_is_not_in_the_catalogue_is_404(ada: Operator, sale: str, path: str) -> None:
    assert ada.page(sale)
    assert ada.client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (
            "/catalogue/7/history",
            "To see whether somebody has removed it, run: banners catalogue versions",
        ),
        ("/catalogue/1/banners/99", "the history of the campaign shows who and when"),
    ],
)
def test_the_page_of_something_removed_says_where_to_see_who_removed_it(
    ada: Operator, sale: str, path: str, where: str
) -> None:
    assert ada.page(sale)
    assert where in ada.client.get(path).text


@pytest.mark.parametrize("path", ["/catalogue/x", "/catalogue/1/banners/0", "/catalogue/images/x"])
def test_what_is_no_id_is_400(ada: Operator, sale: str, path: str) -> None:
    assert ada.page(sale)
    assert ada.client.get(path).status_code == 400


def test_a_button_that_no_page_has_does_nothing(ada: Operator, sale: str) -> None:
    assert ada.send(sale, page=sale, action="explode").status_code == 400


def test_no_form_is_taken_that_did_not_come_from_a_page_of_the_session(
    ada: Operator, sale: str
) -> None:
    texts = ["/catalogue", sale, f"{sale}/edit", f"{sale}/banners/1/state", f"{sale}/embed"]
    forms: list[tuple[str, dict[str, Any]]] = [
        (path, {"data": {"name": "x"}}) for path in [*texts, f"{sale}/history"]
    ]
    with_files = [f"{sale}/banners", f"{sale}/banners/1"]
    forms += [(path, {"files": {"image": ("a.png", b"a")}}) for path in with_files]
    before = ada.page(sale)
    for path, words in forms:
        assert ada.client.post(path, **words).status_code == 403, path
    assert cards(ada.page(sale)) == cards(before)


def test_readers_and_visitors_see_nothing_of_the_catalogue(address: str, sale: str) -> None:
    with Operator(address, *RITA) as rita:
        for path in (sale, f"{sale}/edit", f"{sale}/embed", f"{sale}/history", f"{sale}/banners/1"):
            assert rita.client.get(path).status_code == 403
            assert httpx.get(address + path).status_code == 303
        assert "/catalogue" not in rita.client.get(HOME).text


def test_visitors_see_what_operators_change(address: str, ada: Operator, sale: str) -> None:
    # A worker looks for changes every second.
    visited, images_at = f"{address}/campaigns/1", f"{address}/static/images"
    until(lambda: httpx.get(visited).text.count("<li>") == len(FILES))
    names = ("Spring sale", "Summer shoes", "New")
    assert all(f'alt="{name}"' in httpx.get(visited).text for name in names)
    assert httpx.get(f"{images_at}/image_1.png").content == check(FILES["spring_sale.png"]).content
    ada.send(f"{sale}/banners/1/state", page=sale, action="pause")
    until(lambda: "Spring sale" not in httpx.get(visited).text)
    edit, replaced = f"{sale}/banners/2", check(IMAGES[".gif"])
    ada.upload(edit, page=edit, files={"new.gif": IMAGES[".gif"]}, name="Summer shoes")
    until(lambda: httpx.get(f"{images_at}/image_2.png").content == replaced.content)


def test_everything_of_a_campaign_is_behind_one_of_its_tabs(ada: Operator, sale: str) -> None:
    for path, current in (
        (sale, "Banners"),
        (f"{sale}/embed", "Embed"),
        (f"{sale}/history", "History"),
    ):
        page = ada.page(path)
        assert f'aria-current="page">{current}</a>' in page
        for address in ("/campaigns/1/report", sale, f"{sale}/embed", f"{sale}/history"):
            assert f'<a href="{address}"' in page


def test_a_card_says_how_often_its_banner_is_shown_now(ada: Operator, sale: str) -> None:
    cards = text_of(ada.page(sale))
    assert cards.count("Now on every page") == 3
    ada.upload(f"{sale}/banners", page=sale, files=images("a.png", "b.png", "c.png"))
    assert text_of(ada.page(sale)).count("Now on 83.33 % of pages") == 6


def test_the_form_to_add_banners_comes_before_them(ada: Operator, sale: str) -> None:
    page = ada.page(sale)
    assert page.index('name="image"') < page.index('class="banners cards"')


@pytest.mark.parametrize(
    ("quarters", "words"),
    [
        (tuple(Quarter), "all four quarters of the hour"),
        ((Quarter.FIRST, Quarter.THIRD), "quarters 1 and 3 of the hour"),
        ((Quarter.SECOND,), "quarter 2 of the hour"),
    ],
)
def test_the_history_says_which_quarters_were_published(
    tmp_path: Path, quarters: tuple[Quarter, ...], words: str
) -> None:
    told = f"Generation 1 was published, for {words}."
    with installation(tmp_path) as here, Operator(here, *ADA) as ada:
        sale = ada.new_campaign("Sale")
        publish(open_database(f"sqlite:///{tmp_path}/banners.db", create=True), 10, *quarters)
        until(lambda: told in text_of(ada.page(f"{sale}/history")))
