"""Signing in and out, and what must not work: forged forms, links, sessions and addresses."""

import logging
import re
from collections.abc import Iterator
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from banners.core.model import Quarter
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from support.operators import (
    OPERATOR,
    PASSWORD,
    READER,
    Office,
    form_token,
    lines,
    sign_in,
)
from support.publishing import campaign, publish_rows
from support.signing_in import STATUS, may_enter, opened

CAMPAIGN = 7
HOME = "/campaigns"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    file = tmp_path / "passwords"
    file.write_text(lines(CAMPAIGN))
    return Office(file)


@pytest.fixture
def client(office: Office, tmp_path: Path) -> Iterator[httpx.Client]:
    with opened(office, tmp_path) as client:
        yield client


def cookie_of(answer: httpx.Response, name: str) -> "Morsel[str]":
    """Return a cookie that an answer sets."""
    set_by_it = [SimpleCookie(each) for each in answer.headers.get_list("set-cookie")]
    return next(each[name] for each in set_by_it if name in each)


def test_a_page_leads_to_the_sign_in_page_and_from_there_back(client: httpx.Client) -> None:
    led = client.get("/campaigns/7/report?quarter=2")
    assert led.status_code == 303
    place = urlsplit(led.headers["location"])
    assert place.path == "/sign-in"
    (following,) = parse_qs(place.query)["next"]
    ended = sign_in(client, OPERATOR, following)
    assert (ended.status_code, ended.headers["location"]) == (303, "/campaigns/7/report?quarter=2")
    assert may_enter(client)


def test_the_password_alone_is_enough(client: httpx.Client) -> None:
    fields = {"form_token": form_token(client.get("/sign-in")), "password": PASSWORD[OPERATOR]}
    assert client.post("/sign-in", data=fields).status_code == 303
    assert may_enter(client)


def test_the_session_is_a_cookie_that_no_script_and_no_other_site_can_use(
    client: httpx.Client,
) -> None:
    cookie = cookie_of(sign_in(client, OPERATOR), "banners_session")
    assert cookie["httponly"]
    assert cookie["samesite"].lower() == "lax"
    assert (cookie["path"], cookie["max-age"], cookie["domain"]) == ("/", str(12 * 3600), "")
    assert not cookie["secure"]


@pytest.mark.parametrize(
    ("url", "path", "is_secure"),
    [("https://example.com/ads", "/ads", True), ("http://example.com/ads", "/ads", False)],
)
def test_below_a_prefix_the_session_is_for_that_alone_and_secure_behind_https(
    office: Office, tmp_path: Path, url: str, path: str, is_secure: bool
) -> None:
    with opened(Office(office.file, url), tmp_path) as client:
        page = client.get("/ads/sign-in")
        # The client would not send a secure cookie over http.
        form = cookie_of(page, "banners_form")
        ended = client.post(
            "/ads/sign-in",
            data={"form_token": form_token(page), "password": PASSWORD[OPERATOR]},
            headers={"Cookie": f"banners_form={form.value}"},
        )
        assert ended.headers["location"] == "/ads/campaigns"
        for each in (form, cookie_of(ended, "banners_session")):
            assert (each["path"], bool(each["secure"])) == (path, is_secure)
        client.cookies.clear()
        assert client.get("/ads/status").headers["location"].startswith("/ads/sign-in?next=")


def test_a_link_shows_a_button_that_signs_in(client: httpx.Client, office: Office) -> None:
    token = office.link_token(OPERATOR)
    for _ in range(3):  # as previews of links do
        page = client.get("/sign-in", params={"token": token})
        assert page.status_code == 200
        assert 'type="password"' not in page.text
        assert "banners_session" not in page.headers.get("set-cookie", "")
    fields = {"form_token": form_token(page), "token": token, "next": STATUS}
    ended = client.post("/sign-in", data=fields)
    assert (ended.status_code, ended.headers["location"]) == (303, STATUS)
    assert may_enter(client)


def test_a_link_ends_after_ten_minutes(client: httpx.Client, office: Office) -> None:
    token = office.link_token(OPERATOR)
    page = client.get("/sign-in", params={"token": token})
    office.time += 601
    fields = {"form_token": form_token(page), "token": token}
    for refused in (
        client.get("/sign-in", params={"token": token}),
        client.post("/sign-in", data=fields),
    ):
        assert refused.status_code == 403
        assert "banners sign-in" in refused.text
    assert not may_enter(client)


@pytest.mark.parametrize("token", ["x", "", "a.b.c", "x" * 5_000, "\u0661", "%00"])
def test_a_forged_link_signs_nobody_in(client: httpx.Client, token: str) -> None:
    page = client.get("/sign-in")
    fields = {"form_token": form_token(page), "token": token or " "}
    assert client.post("/sign-in", data=fields).status_code == 403
    assert not may_enter(client)


def test_signing_out_ends_the_session_of_the_browser(client: httpx.Client) -> None:
    sign_in(client, OPERATOR)
    ended = client.post("/sign-out", data={"form_token": form_token(client.get(STATUS))})
    assert (ended.status_code, ended.headers["location"]) == (303, "/sign-in")
    assert not may_enter(client)


def test_a_session_ends_when_the_password_changes(client: httpx.Client, office: Office) -> None:
    sign_in(client, OPERATOR)
    office.rewrite("anna another-password\n")
    assert not may_enter(client)


def test_a_session_ends_when_its_line_is_removed(client: httpx.Client, office: Office) -> None:
    sign_in(client, OPERATOR)
    office.rewrite("ben another-password\n")
    assert not may_enter(client)


def test_a_changed_role_holds_immediately(client: httpx.Client, office: Office) -> None:
    sign_in(client, OPERATOR)
    office.rewrite(f"{OPERATOR} {PASSWORD[OPERATOR]} reader 7\n")
    assert client.get(STATUS).status_code == 403


def test_a_session_ends_after_twelve_hours(client: httpx.Client, office: Office) -> None:
    sign_in(client, OPERATOR)
    office.time += 12 * 3600
    assert may_enter(client)
    office.time += 1
    assert not may_enter(client)


def test_signing_in_again_replaces_the_session(client: httpx.Client, office: Office) -> None:
    chosen = office.signing.session(READER, office.mark(READER))
    client.cookies.set("banners_session", chosen, domain="127.0.0.1", path="/")
    token = office.link_token(OPERATOR)
    page = client.get("/sign-in", params={"token": token})
    client.post("/sign-in", data={"form_token": form_token(page), "token": token})
    first = client.cookies["banners_session"]
    assert first != chosen
    assert may_enter(client)
    token = office.link_token(OPERATOR)
    page = client.get("/sign-in", params={"token": token})
    client.post("/sign-in", data={"form_token": form_token(page), "token": token})
    assert client.cookies["banners_session"] != first


@pytest.mark.parametrize("sent", [{}, {"form_token": ""}, {"form_token": "x"}])
def test_a_form_without_the_token_of_its_page_signs_nobody_in(
    client: httpx.Client, sent: dict[str, str]
) -> None:
    client.get("/sign-in")
    refused = client.post("/sign-in", data={"password": PASSWORD[OPERATOR], **sent})
    assert refused.status_code == 403
    assert not may_enter(client)


def test_a_form_of_another_browser_signs_nobody_in(client: httpx.Client) -> None:
    client.get("/sign-in")
    other = form_token(httpx.get(client.base_url.join("/sign-in")))
    fields = {"password": PASSWORD[OPERATOR], "form_token": other}
    refused = client.post("/sign-in", data=fields)
    assert refused.status_code == 403
    assert "has expired" in refused.text
    assert not may_enter(client)


def test_a_forged_form_signs_nobody_out(client: httpx.Client) -> None:
    sign_in(client, OPERATOR)
    assert client.post("/sign-out", data={"form_token": "x"}).status_code == 403
    assert may_enter(client)


def test_the_token_of_a_form_is_that_of_one_session(client: httpx.Client) -> None:
    before = form_token(client.get("/sign-in"))
    sign_in(client, OPERATOR)
    assert form_token(client.get(STATUS)) != before
    assert client.post("/sign-out", data={"form_token": before}).status_code == 403


@pytest.mark.parametrize(
    "following",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/%2f%2fevil.example", "/docs"],
)
def test_nobody_is_led_to_another_site(client: httpx.Client, following: str) -> None:
    assert sign_in(client, OPERATOR, following).headers["location"] == HOME
    again = client.get("/sign-in", params={"next": following})
    assert (again.status_code, again.headers["location"]) == (303, HOME)


def test_a_wrong_password_is_said_with_the_form(client: httpx.Client) -> None:
    page = client.get("/sign-in")
    fields = {"form_token": form_token(page), "name": OPERATOR, "password": "guessed"}
    refused = client.post("/sign-in", data={**fields, "next": STATUS})
    assert refused.status_code == 401
    assert "No operator has this name and password" in refused.text
    assert "guessed" not in refused.text
    right = {"form_token": form_token(refused), "password": PASSWORD[OPERATOR], "next": STATUS}
    assert client.post("/sign-in", data=right).headers["location"] == STATUS


def test_a_reader_has_nothing_to_press_and_no_way_to_what_is_closed(client: httpx.Client) -> None:
    sign_in(client, READER)
    page = client.get(STATUS)
    assert page.status_code == 403
    navigation = re.findall(r'<nav aria-label="Banners">(.*?)</nav>', page.text, re.DOTALL)
    assert re.findall(r'href="(.*?)"', navigation[0]) == [HOME, "/docs"]
    assert READER in page.text


@pytest.fixture(params=["in memory", "by the framework"])
def visited(
    request: pytest.FixtureRequest, office: Office, tmp_path: Path
) -> Iterator[httpx.Client]:
    """An application with a campaign of one banner, whose pages are not made by chance."""
    url = f"sqlite:///{tmp_path}/banners.db"
    rows = campaign(CAMPAIGN, 71, shown=1, others=0)
    publish_rows(open_database(url, create=True), rows, *Quarter)
    reader = DatabaseReader(open_database(url, create=False))
    with opened(office, tmp_path, reader, in_memory=request.param == "in memory") as client:
        yield client


def test_visitors_see_no_navigation(visited: httpx.Client) -> None:
    statuses = {"/": 200, "/nowhere": 404, "/campaigns/7": 200, "/docs": 200, "/sign-in": 200}
    for path, status in statuses.items():
        answer = visited.get(path)
        assert answer.status_code == status
        assert "<nav" not in answer.text.partition("<main")[0]
        assert not re.search(r'<a href="/(campaigns|status|metrics)', answer.text)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/campaigns/7", 200),
        ("/campaigns/7/banner", 302),
        ("/campaigns/7/banner?format=html", 200),
        ("/api/v1/campaigns/7/banners", 200),
    ],
)
def test_pages_for_visitors_do_not_depend_on_who_asks(
    visited: httpx.Client, path: str, status: int
) -> None:
    def asked() -> tuple[dict[str, str], bytes]:
        answer = visited.get(path)
        assert answer.status_code == status
        headers = {name: text for name, text in answer.headers.items() if name != "date"}
        return headers, answer.content

    before = asked()
    sign_in(visited, OPERATOR)
    assert may_enter(visited)
    assert asked() == before


def test_the_status_names_a_fault_of_the_passwords(client: httpx.Client, office: Office) -> None:
    sign_in(client, OPERATOR)
    office.rewrite(f"{OPERATOR} s3cret boss\n")
    page = client.get(STATUS)
    assert "line 1: found another role than operator or reader" in page.text
    assert "s3cret" not in page.text


@pytest.mark.parametrize("prefix", ["", "/ads"])
def test_a_form_whose_session_has_ended_leads_back_to_its_page(
    office: Office, tmp_path: Path, prefix: str
) -> None:
    page = f"{prefix}/catalogue/7/edit"
    with opened(Office(office.file, f"http://localhost{prefix}"), tmp_path) as client:
        for referer, query in (
            (f"http://localhost{page}", "?next=%2Fcatalogue%2F7%2Fedit"),
            ("http://evil.example/elsewhere", ""),
            ("http://[", ""),
            ("", ""),
        ):
            led = client.post(page, data={"name": "x"}, headers={"Referer": referer})
            assert (led.status_code, led.headers["location"]) == (303, f"{prefix}/sign-in{query}")


def test_the_page_of_a_link_tells_no_other_page_its_address(
    client: httpx.Client, office: Office
) -> None:
    page = client.get("/sign-in", params={"token": office.link_token(OPERATOR)})
    assert page.headers["referrer-policy"] == "no-referrer"
    assert client.get(HOME).headers["referrer-policy"] == "same-origin"


def test_the_log_says_who_signs_in_and_out_and_that_passwords_were_wrong(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "banners.web.operators")
    page = client.get("/sign-in")
    for guess in ("gu3ssed", "gu3ssed-too"):
        client.post("/sign-in", data={"form_token": form_token(page), "password": guess})
    sign_in(client, OPERATOR)
    client.post("/sign-out", data={"form_token": form_token(client.get(STATUS))})
    assert [(each.levelname, each.getMessage()) for each in caplog.records] == [
        ("WARNING", "Refused 1 wrong password or key."),  # one line in ten seconds
        ("INFO", "anna has signed in."),
        ("INFO", "anna has signed out."),
    ]


def test_the_status_names_the_lines_of_short_passwords(
    client: httpx.Client, office: Office
) -> None:
    sign_in(client, OPERATOR)
    assert "fewer than 12 characters" not in client.get(STATUS).text
    office.rewrite(f"{office.file.read_text()}ben elevenchars\n")
    page = client.get(STATUS)
    assert "line 6: a password of fewer than 12 characters can be guessed" in page.text
    assert "elevenchars" not in page.text
