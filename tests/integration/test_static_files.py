"""Style sheets, scripts, icons and robots.txt, over real HTTP."""

import gzip
import re
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from operator import attrgetter
from pathlib import Path

import httpx
import pytest
from PIL import Image
from protego import Protego

from banners import wiring
from banners.core.addresses import PUBLIC_URL, Site
from banners.settings import load_settings
from banners.store.connect import open_database
from banners.store.read.lineups import DatabaseReader
from banners.web.http.files import StaticFile, StaticFiles, accepts_gzip
from banners.web.pages.robots import robots_txt
from support.answers import Clock, application_over
from support.running import Workplace, serving

FILES = StaticFiles.packaged()
STATIC = Path("src/banners/web/static")
OURS = {path.name for path in STATIC.iterdir()}
NAMES = sorted({*OURS, "swagger-ui.css", "swagger-ui-bundle.js"})
FOR_GOOD = "public, max-age=31536000, immutable"
OPERATORS = [
    *("/campaigns", "/campaigns?quarter=2&page=3", "/campaigns/27/report", "/status", "/docs"),
    *("/docs?try=1", "/openapi.json", "/api/v1/campaigns", "/metrics", "/healthz", "/readyz"),
]
OF_CAMPAIGNS = ["/campaigns/27", "/static/images/image_27.png"]
PAGES = {"/campaigns/1", "/campaigns/1/report", "/campaigns", "/campaigns/1/banner?format=html"}
NOINDEX = '<meta name="robots" content="noindex">'


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The application without a database: none of this needs one."""
    database = DatabaseReader(open_database("sqlite:///nowhere/none.db", create=False))
    application = application_over(database, tmp_path_factory.mktemp("images"), Clock().now)
    with serving(application) as address, httpx.Client(base_url=address) as opened:
        yield opened


def raw(client: httpx.Client, address: str, **headers: str) -> tuple[httpx.Response, bytes]:
    """Return an answer and its body as it was sent."""
    with client.stream("GET", address, headers=headers) as answer:
        return answer, b"".join(answer.iter_raw())


@pytest.mark.parametrize(
    "template", sorted(Path("src/banners/web/templates").glob("*.html")), ids=attrgetter("name")
)
def test_no_rule_is_written_in_two_style_sheets_of_a_page(template: Path) -> None:
    names = re.findall(r'static\("(\w+\.css)"\)', template.read_text(encoding="utf-8"))
    rule = re.compile(r"^[^\s@/}].*?\{.*?^\}", re.DOTALL | re.MULTILINE)
    sheets = [(STATIC / name).read_text() for name in {"banners.css", *names} if name in OURS]
    rules = [re.sub(r"\s+", " ", each) for sheet in sheets for each in rule.findall(sheet)]
    assert [each for each, count in Counter(rules).items() if count > 1] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_kept_for_a_year_under_the_address_that_pages_give_it(
    client: httpx.Client, name: str
) -> None:
    answer = client.get(FILES.address(name))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == FOR_GOOD
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_address_of_a_file_changes_with_its_content() -> None:
    before, after = (StaticFiles([StaticFile("x.css", body)]) for body in (b"a", b"b"))
    assert before.address("x.css") != after.address("x.css")


def test_a_page_cannot_name_a_missing_file() -> None:
    with pytest.raises(KeyError):
        FILES.address("nowhere.css")


def test_an_address_of_another_release_gets_our_file_and_is_not_cached(
    client: httpx.Client,
) -> None:
    answer = client.get("/static/0123456789ab/banners.css")
    assert answer.content == Path("src/banners/web/static/banners.css").read_bytes()
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "name", ["__init__.py", "favicon-32x32.png", "x.js", "..%2Ffiles.py", "%2Fetc%2Fpasswd"]
)
def test_no_other_files_are_sent(client: httpx.Client, name: str) -> None:
    answer = client.get(f"/static/0123456789ab/{name}")
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_sent_compressed_to_clients_that_accept_it(
    client: httpx.Client, name: str
) -> None:
    address = FILES.address(name)
    plain, whole = raw(client, address, **{"Accept-Encoding": "identity"})
    packed, sent = raw(client, address, **{"Accept-Encoding": "br, gzip;q=0.8"})
    assert gzip.decompress(sent) == whole
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert int(packed.headers["content-length"]) == len(sent)
    for answer in (plain, packed):
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-type"] == plain.headers["content-type"]
    assert plain.headers["etag"] != packed.headers["etag"]


def test_the_largest_files_are_sent_at_less_than_half_their_size(client: httpx.Client) -> None:
    for name in ("swagger-ui-bundle.js", "swagger-ui.css", "banners.css", "report.css"):
        _, whole = raw(client, FILES.address(name), **{"Accept-Encoding": "identity"})
        _, sent = raw(client, FILES.address(name), **{"Accept-Encoding": "gzip"})
        assert len(sent) * 2 < len(whole)


def test_a_file_is_compressed_once() -> None:
    file = StaticFile("x.css", b"a" * 1_000)
    assert file.compressed is file.compressed


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_file_that_the_browser_has_is_not_sent_again(client: httpx.Client, encoding: str) -> None:
    address, accepted = FILES.address("banners.css"), {"Accept-Encoding": encoding}
    tag = client.get(address, headers=accepted).headers["etag"]
    for known in (tag, f'"x", W/{tag}', "*"):
        again = client.get(address, headers={**accepted, "If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["vary"] == "Accept-Encoding"
        assert again.headers["cache-control"] == FOR_GOOD
    other = client.get(address, headers={**accepted, "If-None-Match": '"x"'})
    assert other.status_code == 200


@pytest.mark.parametrize(
    ("accepted", "is_taken"),
    [
        *(("gzip", True), ("GZIP", True), ("br;q=1, gzip;q=0.5", True), ("*", True)),
        *(("*;q=0, gzip", True), ("gzip;q=0, *", False), ("gzip; q=0.000", False), ("", False)),
        *(("identity", False), ("br", False), ("*;q=0", False), ("xgzip", False)),
    ],
)
def test_gzip_is_sent_only_to_clients_that_accept_it(accepted: str, *, is_taken: bool) -> None:
    assert accepts_gzip(accepted) == is_taken


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("banners.css", "text/css; charset=utf-8"),
        ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("favicon.svg", "image/svg+xml"),
    ],
)
def test_a_file_has_the_media_type_of_its_kind(client: httpx.Client, name: str, kind: str) -> None:
    assert client.get(FILES.address(name)).headers["content-type"] == kind


def test_the_icon_that_browsers_ask_for_by_themselves_is_an_icon(client: httpx.Client) -> None:
    answer = client.get("/favicon.ico")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/vnd.microsoft.icon"
    assert answer.headers["cache-control"] == "public, max-age=86400"
    assert Image.open(BytesIO(answer.content)).info["sizes"] == {(16, 16), (32, 32)}


@pytest.mark.parametrize("path", ["/", "/nope", "/campaigns/x", "/docs", "/docs?try=1", "/status"])
def test_every_page_links_both_icons(client: httpx.Client, path: str) -> None:
    icons = re.findall(r'<link rel="icon" href="([^"]+)"', client.get(path).text)
    assert icons == ["/favicon.ico", FILES.address("favicon.svg")]
    assert {client.get(each).status_code for each in icons} == {200}


SITE = Site(PUBLIC_URL)


def allows(text: str, path: str) -> bool:
    """Return whether a crawler may read a path."""
    return bool(Protego.parse(text).can_fetch(path, "Googlebot"))


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("path", OPERATORS)
def test_crawlers_are_kept_from_the_operators_pages(path: str, *, indexed: bool) -> None:
    assert not allows(robots_txt(SITE, indexed=indexed), path)


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("path", OF_CAMPAIGNS)
def test_crawlers_may_read_the_pages_of_campaigns_where_the_setting_says_so(
    path: str, *, indexed: bool
) -> None:
    assert allows(robots_txt(SITE, indexed=indexed), path) == indexed


@pytest.mark.parametrize("indexed", [False, True])
@pytest.mark.parametrize("path", ["/", FILES.address("banners.css"), "/favicon.ico"])
def test_crawlers_may_read_the_form_and_what_it_loads(path: str, *, indexed: bool) -> None:
    assert allows(robots_txt(SITE, indexed=indexed), path)


def test_the_rules_for_crawlers_are_for_paths_below_the_prefix() -> None:
    rules = robots_txt(Site("https://example.com/ads"), indexed=False)
    assert not allows(rules, "/ads/status")
    assert allows(rules, "/ads/")
    assert allows(rules, "/status")


def test_the_rules_for_crawlers_are_sent_as_text(client: httpx.Client) -> None:
    answer = client.get("/robots.txt")
    assert (answer.status_code, answer.text) == (200, robots_txt(SITE, indexed=False))
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize("path", ["/docs", "/docs?try=1", "/status"])
def test_a_page_for_operators_forbids_indexing(client: httpx.Client, path: str) -> None:
    assert NOINDEX in client.get(path).text


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_the_setting_decides_whether_the_pages_of_campaigns_may_be_indexed(
    published: Workplace, answer: str
) -> None:
    url = f"sqlite:///{published.folder / 'var' / 'banners.db'}"
    # Everybody is an operator, so that the pages for operators are read as well.
    variables = {"BANNERS_INDEXED": answer, "BANNERS_OPERATORS": "open"}
    settings = load_settings({"database_url": url}, environment=variables)
    with (
        serving(wiring.web_application(settings)) as address,
        httpx.Client(base_url=address) as client,
    ):
        hidden = {path for path in PAGES if NOINDEX in client.get(path).text}
        assert client.get("/robots.txt").text == robots_txt(SITE, indexed=answer == "yes")
    assert hidden == PAGES - ({"/campaigns/1"} if answer == "yes" else set())


def test_the_form_may_be_indexed(client: httpx.Client) -> None:
    assert NOINDEX not in client.get("/").text
