"""Whose each address is: every route, in every spelling, for every kind of session.

A route that is not in the table of this file fails: whoever adds one says here whose it is.
"""

import base64
import http.client
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from string import Formatter
from urllib.parse import urlsplit

import pytest
from fastapi.routing import iter_route_contexts
from openapi_spec_validator import validate

from banners.core.addresses import Route
from banners.core.catalogue import CatalogueBanner, CatalogueCampaign
from banners.images.check import check
from banners.images.folder import FolderImages
from banners.settings import load_settings
from banners.web.hot.delivery import Delivery
from banners.web.operators.audience import AUDIENCES
from banners.wiring import reader, reports
from banners.wiring.catalogue import editing as open_to_edit
from banners.wiring.rollbacks import PageRollbacks
from reference.events import QuarterReference
from support.answers import Clock, application_over
from support.image_files import file_of
from support.operators import OPERATOR, OTHER_READER, PASSWORD, READER, Office, lines
from support.running import Workplace, serving
from support.spellings import ALIKE, SPELLINGS

IMAGE = check(file_of("PNG"))
"""The image of banner 1."""

EVERYBODY, OPERATORS = "everybody", "operators"
READERS, OF_CAMPAIGN = "readers", "readers of the campaign"

WHOSE = {
    Route.FORM: EVERYBODY,
    Route.CAMPAIGNS: READERS,
    Route.CAMPAIGN: EVERYBODY,
    Route.BANNER: EVERYBODY,
    Route.REPORT: OF_CAMPAIGN,
    Route.NEW_CAMPAIGN: OPERATORS,
    Route.CATALOGUE: OPERATORS,
    Route.CATALOGUE_EDIT: OPERATORS,
    Route.CATALOGUE_BANNERS: OPERATORS,
    Route.CATALOGUE_BANNER: OPERATORS,
    Route.CATALOGUE_STATE: OPERATORS,
    Route.CATALOGUE_EMBED: OPERATORS,
    Route.CATALOGUE_IMAGE: OPERATORS,
    Route.CATALOGUE_HISTORY: OPERATORS,
    Route.TOTALS: READERS,
    Route.STATUS: OPERATORS,
    Route.LIVE: OPERATORS,
    Route.STATIC_FILE: EVERYBODY,
    Route.IMAGE: EVERYBODY,
    Route.DOCS: EVERYBODY,
    Route.OPENAPI: EVERYBODY,
    Route.API: EVERYBODY,  # a part of other addresses, and none itself
    Route.API_CAMPAIGNS: READERS,
    Route.API_CAMPAIGN: OF_CAMPAIGN,
    Route.API_BANNERS: EVERYBODY,
    Route.API_REPORT: OF_CAMPAIGN,
    Route.API_CONVERSIONS: EVERYBODY,  # the route itself checks the key
    Route.API_HISTORY: OF_CAMPAIGN,
    Route.HEALTH: EVERYBODY,
    Route.READY: EVERYBODY,
    Route.METRICS: OPERATORS,
    Route.ICON: EVERYBODY,
    Route.ROBOTS: EVERYBODY,
    Route.SIGN_IN: EVERYBODY,
    Route.SIGN_OUT: EVERYBODY,
    Route.DEMO_LANDING: EVERYBODY,
    Route.SEEN: EVERYBODY,
    Route.CLICK: EVERYBODY,
}
POSTED = {Route.CATALOGUE_BANNERS, Route.CATALOGUE_STATE, Route.LIVE}
NOT_SERVED = {Route.DEMO_LANDING, Route.SEEN, Route.CLICK, Route.API_CONVERSIONS}
"""Routes of the demo and of recording, which this application does not have."""
NOT_GOT = {Route.SIGN_OUT, Route.API, Route.STATIC_FILE, *NOT_SERVED, *POSTED}
"""Routes that GET finds nothing at."""

LEADS = {Route.BANNER: 302, Route.NEW_CAMPAIGN: 303}
"""Routes that lead to another address, with their status."""

_TOKEN = re.compile(rb'name="form_token" value="[^"]*"')
CLOSED = sorted(route for route, whose in WHOSE.items() if whose != EVERYBODY)
FOR_PROGRAMS = ("/api/", "/metrics")

MAY = {
    "nobody": {EVERYBODY},
    "a forged session": {EVERYBODY},
    "a session of another key": {EVERYBODY},
    "an expired session": {EVERYBODY},
    "a session of a former password": {EVERYBODY},
    "a link in place of a session": {EVERYBODY},
    "a wrong bearer": {EVERYBODY},
    "a wrong basic": {EVERYBODY},
    "another scheme": {EVERYBODY},
    "another reader": {EVERYBODY, READERS},
    "another reader as bearer": {EVERYBODY, READERS},
    "a reader": {EVERYBODY, READERS, OF_CAMPAIGN},
    "a reader as bearer": {EVERYBODY, READERS, OF_CAMPAIGN},
    "a reader as basic": {EVERYBODY, READERS, OF_CAMPAIGN},
    "an operator": {EVERYBODY, READERS, OF_CAMPAIGN, OPERATORS},
    "an operator as bearer": {EVERYBODY, READERS, OF_CAMPAIGN, OPERATORS},
    "an operator as basic": {EVERYBODY, READERS, OF_CAMPAIGN, OPERATORS},
    "a wrong bearer beside a session": {EVERYBODY, READERS, OF_CAMPAIGN, OPERATORS},
}
SIGNED_IN = {kind for kind, whose in MAY.items() if READERS in whose}
BY_SESSION = {"another reader", "a reader", "an operator", "a wrong bearer beside a session"}
"""Those whom the page to sign in leads on."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Desk:
    """The application, the kinds of session, and a campaign that one reader may see."""

    address: str
    kinds: dict[str, dict[str, str]]
    campaign: int

    def ask(self, path: str, kind: str = "nobody", method: str = "GET") -> Answer:
        parts = urlsplit(self.address)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
        # As it is written: other clients would tidy it.
        connection.request(method, path, headers=self.kinds[kind])
        got = connection.getresponse()
        answer = Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        connection.close()
        return answer

    def path(self, route: Route) -> str:
        names = [name for _, name, _, _ in Formatter().parse(route.value) if name]
        values = {"campaign_id": self.campaign, "name": "image_1.png", "digest": IMAGE.digest}
        return route.at(**{name: values.get(name, "1") for name in names})


@pytest.fixture(scope="module")
def campaign(served: dict[int, QuarterReference]) -> int:
    """A campaign with a lineup in the quarter of the clock."""
    return min(served[2].lineups)


@pytest.fixture(scope="module")
def application(
    two_generations: Workplace, tmp_path_factory: pytest.TempPathFactory, campaign: int
) -> tuple[Delivery, Office]:
    file = tmp_path_factory.mktemp("office") / "passwords"
    file.write_text(lines(campaign))
    office = Office(file)
    folder = two_generations.folder / "var"
    settings = load_settings({"database_url": f"sqlite:///{folder}/banners.db"})
    place = tmp_path_factory.mktemp("catalogue")
    images = FolderImages(place)
    images.write(IMAGE)
    editing = open_to_edit(
        load_settings({"database_url": f"sqlite:///{place}/catalogue.db"}),
        images,
        partial(datetime.now, UTC),
        None,
    )
    shown = CatalogueBanner(banner_id=1, name="One", image=IMAGE.digest)
    sale = CatalogueCampaign(campaign_id=campaign, name="Sale", banners=(shown,))
    editing.writer.replace([sale], by="anna", what="Made")
    built = application_over(
        *(reader(settings), folder / "images", Clock().now),
        editing=editing,
        in_memory=True,
        reports=reports(settings),
        sign_ins=office.sign_ins,
        rollbacks=PageRollbacks(settings, lambda: None),
    )
    assert isinstance(built, Delivery)
    return built, office


@pytest.fixture(scope="module")
def desk(application: tuple[Delivery, Office], campaign: int) -> Iterator[Desk]:
    built, office = application
    office.time -= 12 * 3600 + 1
    expired = office.session(OPERATOR)
    office.time += 12 * 3600 + 1
    signing, mark = office.signing, office.mark(OPERATOR)
    session = office.session(OPERATOR)["Cookie"]
    former = signing.session(OPERATOR, signing.mark(b"a-former-password"))
    other_key = Office(office.file)
    other_key.signing = type(signing)("another key entirely " * 3, lambda: office.time)

    def bearer(password: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {password}"}

    def basic(name: str, password: str) -> dict[str, str]:
        return {
            "Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"
        }

    kinds = {
        "nobody": {},
        "a forged session": {"Cookie": f"{session[:-3]}AAA"},
        "a session of another key": other_key.session(OPERATOR),
        "an expired session": expired,
        "a session of a former password": {"Cookie": f"banners_session={former}"},
        "a link in place of a session": {"Cookie": f"banners_session={signing.link('anna', mark)}"},
        "a wrong bearer": bearer("guessed"),
        "a wrong basic": basic(OPERATOR, "guessed"),
        "another scheme": {"Authorization": f"Digest {PASSWORD[OPERATOR]}"},
        "another reader": office.session(OTHER_READER),
        "another reader as bearer": bearer(PASSWORD[OTHER_READER]),
        "a reader": office.session(READER),
        "a reader as bearer": bearer(PASSWORD[READER]),
        "a reader as basic": basic(READER, PASSWORD[READER]),
        "an operator": {"Cookie": session},
        "an operator as bearer": bearer(PASSWORD[OPERATOR]),
        "an operator as basic": basic(OPERATOR, PASSWORD[OPERATOR]),
        "a wrong bearer beside a session": {**bearer("guessed"), "Cookie": session},
    }
    assert kinds.keys() == MAY.keys()
    with serving(built) as address:
        yield Desk(address, kinds, campaign)


@pytest.fixture(scope="module")
def plain(desk: Desk) -> Callable[[Route, str], int]:
    """The status of an address as it is written, for a kind of session."""
    return cache(lambda route, kind: desk.ask(desk.path(route), kind).status)


def test_every_route_has_an_audience() -> None:
    assert set(WHOSE) == set(Route)
    assert set(AUDIENCES) == set(Route)


def test_every_route_that_is_served_is_in_the_table(application: tuple[Delivery, Office]) -> None:
    inner = application[0]
    while not hasattr(inner, "routes"):
        inner = vars(inner)["_application"]
    served = {each.path_format for each in iter_route_contexts(inner.routes)}
    assert served <= {route.value for route in Route}
    assert {route.value for route in CLOSED} <= served


@pytest.mark.parametrize("route", [route for route in Route if route not in NOT_GOT])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_address_is_answered_only_to_its_audience(desk: Desk, route: Route, method: str) -> None:
    for kind, whose in MAY.items():
        answer = desk.ask(desk.path(route), kind, method)
        if WHOSE[route] not in whose:
            assert_refused(answer, desk.path(route), kind)
        elif route is Route.SIGN_IN and kind in BY_SESSION:
            assert (answer.status, answer.headers["location"]) == (303, "/campaigns"), kind
        else:
            assert answer.status == LEADS.get(route, 200), kind


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("route", CLOSED)
def test_every_spelling_of_an_address_is_treated_alike(
    desk: Desk, plain: Callable[[Route, str], int], route: Route, spelling: str
) -> None:
    for kind in MAY:
        answer = desk.ask(SPELLINGS[spelling](desk.path(route)), kind)
        if spelling in ALIKE:
            assert answer.status == plain(route, kind), kind
        elif plain(route, kind) != 200:
            assert answer.status != 200, kind
            assert b"revenue" not in answer.body.lower(), kind


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"]
)
@pytest.mark.parametrize("route", CLOSED)
def test_no_other_method_gives_more_access(desk: Desk, route: Route, method: str) -> None:
    answer = desk.ask(desk.path(route), "nobody", method)
    if route is Route.CAMPAIGNS and method == "POST":
        assert answer.status == 415  # the form of visitors, and none was sent
    else:
        assert answer.status in {303, 401}


@pytest.mark.parametrize("route", CLOSED)
def test_basic_may_only_read(desk: Desk, route: Route) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        assert desk.ask(desk.path(route), "an operator as basic", method).status == 403
        assert desk.ask(desk.path(route), "an operator as bearer", method).status == 405


@pytest.mark.parametrize("path", ["/campaigns/{}/report", "/api/v1/campaigns/{}/report"])
def test_a_reader_learns_nothing_of_other_campaigns(
    desk: Desk, served: dict[int, QuarterReference], path: str
) -> None:
    other = max(served[2].lineups)
    assert other != desk.campaign
    existing, unknown = (desk.ask(path.format(each), "a reader") for each in (other, 424_242))
    # The token of a form is written otherwise on each page.
    bodies = [_TOKEN.sub(b"", each.body) for each in (existing, unknown)]
    assert bodies[0] == bodies[1]
    assert existing.status == unknown.status
    assert existing.status == 403


def test_a_reader_may_write_an_id_with_leading_zeros(desk: Desk) -> None:
    assert desk.ask(f"/api/v1/campaigns/00{desk.campaign}", "a reader").status == 200
    assert desk.ask("/api/v1/campaigns/1.5", "a reader").status == 400


def test_readers_find_only_their_campaigns_in_the_lists(desk: Desk) -> None:
    found = json.loads(desk.ask("/api/v1/campaigns?quarter=2", "a reader").body)
    assert [each["campaign_id"] for each in found["items"]] == [desk.campaign]
    assert (found["total"], found["pages"]) == (1, 1)
    assert json.loads(desk.ask("/api/v1/campaigns", "another reader").body)["items"] == []
    page = desk.ask("/campaigns?quarter=2", "a reader").body.decode()
    assert set(re.findall(r'href="/campaigns/(\d+)[?"]', page)) == {str(desk.campaign)}
    assert len(json.loads(desk.ask("/api/v1/campaigns", "an operator").body)["items"]) > 1


def test_readiness_names_the_tiers_to_operators_alone(desk: Desk) -> None:
    visible = {"status", "generations"}
    assert json.loads(desk.ask("/readyz").body).keys() == visible
    assert json.loads(desk.ask("/readyz", "a reader").body).keys() == visible
    more = json.loads(desk.ask("/readyz", "an operator").body).keys()
    assert more == {*visible, "out_of_reach", "impaired"}


def test_the_description_of_the_api_names_the_audience_of_each_operation(desk: Desk) -> None:
    document = json.loads(desk.ask("/openapi.json").body)
    schemes = document["components"]["securitySchemes"]
    assert {each["type"] for each in schemes.values()} == {"http", "apiKey"}
    by_form = ("/campaigns", "post")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            is_closed = WHOSE[Route(path)] != EVERYBODY and (path, method) != by_form
            assert ("security" in operation) == is_closed, path
            if is_closed:
                assert {name for each in operation["security"] for name in each} == set(schemes)
                assert {"403", "429"} <= operation["responses"].keys(), path
    page = desk.ask("/docs").body.decode()
    assert "curl --oauth2-bearer PASSWORD http://localhost:8000/metrics" in page
    validate(document)


def assert_refused(answer: Answer, path: str, kind: str) -> None:
    """Make sure that an answer tells nothing but how to go on."""
    if kind in SIGNED_IN:
        assert answer.status == 403, kind
    elif path.startswith(FOR_PROGRAMS):
        assert answer.status == 401, kind
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == 'Bearer realm="Banners"'
    elif kind == "a wrong bearer":
        assert answer.status == 401, kind
    else:
        assert answer.status == 303, kind
        assert answer.headers["location"].startswith("/sign-in?next=%2F")
    assert "nosniff" in answer.headers["x-content-type-options"]
    assert answer.headers["cache-control"] == "no-store"
    assert b"revenue" not in answer.body.lower()
