"""Operators add and change banners on the pages of a campaign, over real HTTP."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from banners.images.check import check
from banners.web.catalogue.forms import name_of
from support.catalogue_pages import FILES, Operator, cards, images
from support.html_text import text_of
from support.tiny_images import IMAGES

SVG = {"drawing.svg": IMAGES[".svg"]}


def test_each_image_becomes_a_banner_that_is_named_for_its_file(ada: Operator, sale: str) -> None:
    page = ada.page(sale)
    assert cards(page) == ["Spring sale: on", "Summer shoes: on", "New: on"]
    for content in FILES.values():
        image = check(content)
        shown = ada.client.get(f"/catalogue/images/{image.digest}")
        assert shown.content == image.content
        assert shown.headers["content-type"] == "image/png"
        assert "sandbox" in shown.headers["content-security-policy"]
        assert f"/catalogue/images/{image.digest}" in page


def test_a_single_image_may_be_given_a_name(ada: Operator) -> None:
    here = ada.new_campaign("Sale")
    ada.upload(f"{here}/banners", page=here, files=images("a.png"), name="Better")
    assert cards(ada.page(here)) == ["Better: on"]


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("spring_sale.png", "Spring sale"),
        ("IMG-2031.JPEG", "IMG 2031"),
        (".png", ".png"),
        ("", "Banner"),
        ("a\x1b\u202e b.gif", "A b"),
        ("x" * 300 + ".png", "X" + "x" * 199),
        ("ß" * 300 + ".png", "SS" + "ß" * 198),
    ],
)
def test_a_name_is_made_from_that_of_a_file(file: str, name: str) -> None:
    assert name_of(file) == name


def test_what_is_wrong_is_said_beside_each_field_and_what_was_entered_stays(
    ada: Operator,
) -> None:
    here = ada.new_campaign("Sale")
    entered = {
        "name": "Kept",
        "landing_url": "ftp://shop.example",
        "starts": "2026-12-02T10:00",
        "ends": "never",
    }
    answer = ada.upload(f"{here}/banners", page=here, files=SVG, **entered)
    assert answer.status_code == 400
    for field, fault in {
        "image": "The file is an SVG drawing, which could run scripts.",
        "landing_url": "The landing page “ftp://shop.example” is not a full address",
        "ends": "“never” is not a time",
    }.items():
        assert f'id="{field}-fault">{fault}' in answer.text
        assert f'aria-describedby="{field}-fault {field}-hint" aria-invalid="true"' in answer.text
    for value in entered.values():
        assert f'value="{value}"' in answer.text
    assert 'class="dates" open' in answer.text
    assert "No banner yet" in answer.text


def test_of_several_files_the_one_at_fault_is_named(ada: Operator) -> None:
    here = ada.new_campaign("Sale")
    answer = ada.upload(f"{here}/banners", page=here, files={**FILES, **SVG})
    assert "The file “drawing.svg” is an SVG drawing" in answer.text
    assert "No banner yet" in answer.text


def test_without_an_image_there_is_no_banner(ada: Operator) -> None:
    here = ada.new_campaign("Sale")
    answer = ada.upload(f"{here}/banners", page=here, files={})
    assert answer.status_code == 400
    assert "No image was chosen. Choose one or several." in answer.text


def test_an_end_before_the_start_is_refused(ada: Operator, sale: str) -> None:
    times = {"starts": "2026-12-02T10:00", "ends": "2026-12-01T10:00"}
    answer = ada.send(f"{sale}/edit", page=f"{sale}/edit", name="Sale", **times)
    assert answer.status_code == 400
    assert 'id="ends-fault">It ends at 2026-12-01T10:00:00Z, which is not after' in answer.text


def test_a_banner_is_paused_resumed_ended_and_shown_again(ada: Operator, sale: str) -> None:
    for action, state in (
        ("pause", "paused"),
        ("resume", "on"),
        ("end", "ended"),
        ("continue", "on"),
    ):
        answer = ada.send(f"{sale}/banners/1/state", page=sale, action=action)
        assert cards(answer.text)[0] == f"Spring sale: {state}"
        assert "<strong>Done.</strong>" in answer.text


def test_a_removed_banner_is_gone_until_that_is_undone(ada: Operator, sale: str) -> None:
    removed = ada.send(f"{sale}/banners/2/state", page=sale, action="remove")
    assert cards(removed.text) == ["Spring sale: on", "New: on"]
    undone = ada.send(f"{sale}/history", page=sale, undo=_undo(removed.text))
    assert cards(undone.text) == ["Spring sale: on", "Summer shoes: on", "New: on"]
    assert "Undid version 3." in undone.text


def _undo(page: str) -> str:
    found = re.search(r'name="undo" value="(\d+)"', page)
    assert found
    return found[1]


def test_a_banner_is_changed_and_its_image_replaced_in_every_campaign(
    ada: Operator, sale: str
) -> None:
    edit = f"{sale}/banners/1"
    assert 'value="https://shop.example"' in ada.page(edit)
    files = {"new.gif": IMAGES[".gif"]}
    answer = ada.upload(edit, page=edit, files=files, name="Newer", landing_url="")
    assert cards(answer.text)[0] == "Newer: on"
    assert "No landing page" in answer.text
    assert check(IMAGES[".gif"]).digest in answer.text
    assert "the image was replaced" in answer.text
    undone = ada.send(f"{sale}/history", page=sale, undo=_undo(answer.text))
    assert check(FILES["spring_sale.png"]).digest in undone.text


def test_a_banner_keeps_its_image_if_no_other_is_chosen(ada: Operator, sale: str) -> None:
    edit = f"{sale}/banners/1"
    answer = ada.upload(edit, page=edit, files={}, name="Newer")
    assert check(FILES["spring_sale.png"]).digest in answer.text
    refused = ada.upload(edit, page=edit, files=SVG, name="Typed")
    assert refused.status_code == 400
    assert 'id="image-fault">The file is an SVG drawing' in refused.text
    assert 'value="Typed"' in refused.text


def test_a_banner_that_starts_and_ends_says_when(ada: Operator) -> None:
    here = ada.new_campaign("Sale")
    now = datetime.now(UTC)
    times = [now + timedelta(days=days) for days in (1, 2)]
    soon, later = (each.strftime("%Y-%m-%dT%H:%M") for each in times)
    ada.upload(f"{here}/banners", page=here, files=images("a.png"), starts=soon, ends=later)
    page = ada.page(here)
    assert cards(page) == ["A: starts"]
    shown = [f"{each.day} {each:%b %Y, %H:%M}" for each in times]
    assert f"Starts {shown[0]}" in text_of(page)
    assert f"Until {shown[1]}" in text_of(page)


def test_an_image_that_cannot_be_kept_is_told_beside_its_field(
    tmp_path: Path, ada: Operator, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "uploads").touch()
    here = ada.new_campaign("Sale")
    answer = ada.upload(f"{here}/banners", page=here, files=images("a.png"), name="Kept")
    assert answer.status_code == 400
    assert 'id="image-fault">The image could not be kept, and nothing was changed' in answer.text
    assert 'value="Kept"' in answer.text
    assert "cannot be written" in caplog.text or "cannot be read" in caplog.text
