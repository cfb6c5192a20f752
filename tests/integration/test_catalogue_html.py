"""The Nu HTML checker has nothing to say on the pages of the catalogue, in any of their states."""

import pytest

from support.catalogue_pages import ADA, Operator, images, installation
from support.html_checker import said

SALE = "/catalogue/1"
FAULTY = {"landing_url": "nowhere", "starts": "2090-12-01T10:00", "ends": "2089-12-01T10:00"}
HOSTILE = "\"><b>&amp;'</b>"
PAGES = {
    "home": "/campaigns",
    "home-nothing-found": "/campaigns?q=%22%3E%3Cb%3E&state=on&order=-campaign",
    "home-after-the-last-page": "/campaigns?from=9",
    "banners": SALE,
    "banners-done": f"{SALE}?done=4",
    "banners-none": "/catalogue/2",
    "edit": f"{SALE}/edit",
    "banner": f"{SALE}/banners/1",
    "embed": f"{SALE}/embed",
    "embed-house": "/catalogue/2/embed",
    "history": f"{SALE}/history",
}
STATES = [
    *("home-empty", "new-faulty", "new-begins", "banners-faulty", "banners-overtaken"),
    *("edit-overtaken", "banner-faulty", "history-refused", *PAGES),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the checker says of each page, by its state; it is started once, which takes seconds."""
    folder, base = tmp_path_factory.mktemp("pages"), tmp_path_factory.mktemp("catalogue")

    def write(state: str, text: str) -> None:
        (folder / f"{state}.html").write_text(text, encoding="utf-8")

    with installation(base) as address, Operator(address, *ADA) as ada:
        write("home-empty", ada.page("/campaigns"))
        write("new-faulty", ada.send("/catalogue", page="/campaigns", name=" ").text)
        begins = ada.send("/catalogue", page="/campaigns", name=" ", begin="yes")
        write("new-begins", begins.text)
        ada.new_campaign(HOSTILE)
        page = {"page": SALE}
        add, banner = f"{SALE}/banners", f"{SALE}/banners/1"
        ada.upload(add, files=images("a.png", f"{HOSTILE}.png"), **page)
        ada.send(f"{banner}/state", action="pause", **page)
        ada.send(f"{SALE}/banners/2/state", action="end", **page)
        ada.new_campaign("House")
        ada.send("/catalogue/2/embed", page="/catalogue/2/embed", house="this")
        write("banners-faulty", ada.upload(add, files={}, name=HOSTILE, **FAULTY, **page).text)
        write(
            "banners-overtaken",
            ada.send(f"{banner}/state", action="end", seen="2", **page).text,
        )
        edit = f"{SALE}/edit"
        ada.send(edit, page=edit, name=f"{HOSTILE}!")
        write("edit-overtaken", ada.send(edit, page=edit, name=HOSTILE, seen="2").text)
        write("banner-faulty", ada.upload(banner, page=banner, files={}, name="", **FAULTY).text)
        write("history-refused", ada.send(f"{SALE}/history", undo="1", **page).text)
        for state, path in PAGES.items():
            write(state, ada.page(path))
    return said(folder)


@pytest.mark.parametrize("state", STATES)
def test_the_html_checker_has_nothing_to_say(found: dict[str, list[str]], state: str) -> None:
    assert found[f"{state}.html"] == []
