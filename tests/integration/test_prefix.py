"""Below a prefix of a host, behind a real proxy that removes the prefix, and one that leaves it."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from itertools import pairwise
from urllib.parse import urljoin

import httpx
import pytest

from banners.settings import load_settings
from banners.wiring import reader, reports, web_application
from support.answers import Clock, application_over, assert_problem
from support.proxies import Nginx, nginx
from support.running import Workplace, serving

LINK = re.compile(r'(?:href|src|action|data-openapi)="([^"#]*)')
ELSEWHERE = "https://www.rfc-editor.org/"
"""What /docs refers to on another site."""

ALIKE = 5
"""Number of addresses of the same shape that are followed."""

CAMPAIGN = 54
"""A campaign of the sample with ten banners in quarter 1."""


@pytest.fixture(scope="module")
def proxy() -> Iterator[Nginx]:
    with nginx(Nginx) as server:
        yield server


@pytest.fixture(scope="module", params=["removed", "kept"])
def url(request: pytest.FixtureRequest, proxy: Nginx, published: Workplace) -> Iterator[str]:
    """The public URL of the application."""
    public_url = proxy.urls[request.param]
    folder = published.folder / "var"
    settings = load_settings({"database_url": f"sqlite:///{folder}/banners.db"})
    clock = Clock()
    clock.time = clock.time.replace(minute=5)
    application = application_over(
        *(reader(settings), folder / "images", clock.now),
        in_memory=True,
        reports=reports(settings),
        public_url=public_url,
    )
    with serving(application, port=proxy.behind):
        yield public_url


@pytest.fixture
def visitor() -> Iterator[httpx.Client]:
    with httpx.Client(follow_redirects=True) as client:
        yield client


def addresses_in(answer: httpx.Response) -> list[str]:
    """Give every address that a page, a list or a redirect leads to."""
    kind = answer.headers.get("content-type", "")
    found = [answer.headers["location"]] if "location" in answer.headers else []
    if kind.startswith("text/html"):
        found += map(unescape, LINK.findall(answer.text))
        # Also those of the snippets to be copied, which are text.
        found += re.findall(r'src="([^"]*)"', unescape(answer.text))
    elif kind == "application/json" and "/api/" in str(answer.url):
        found += re.findall(r'"(?:image|next)": ?"([^"]*)"', answer.text)
    all_of_them = [urljoin(str(answer.url), each) for each in dict.fromkeys(found)]
    return [each for each in all_of_them if not each.startswith(ELSEWHERE)]


def test_everything_that_is_led_to_is_below_the_prefix_and_there(url: str) -> None:
    """Follow every link, image, style sheet, script and redirect from the form on."""
    to_do = [
        f"{url}/",
        f"{url}/campaigns/{CAMPAIGN}/banner",
        f"{url}/campaigns/0{CAMPAIGN}",
        f"{url}/campaigns/0{CAMPAIGN}/report/",
        f"{url}/campaigns/{CAMPAIGN}/banner?format=html",
        f"{url}/api/v1/campaigns?quarter=1",
        f"{url}/api/v1/campaigns/{CAMPAIGN}",
        f"{url}/api/v1/campaigns/{CAMPAIGN}/report?quarter=1",
        f"{url}/api/v1/campaigns/{CAMPAIGN}/banners",
    ]
    done: dict[str, int] = {}
    kinds: set[str] = set()
    seen: Counter[str] = Counter()
    with httpx.Client() as client:
        while to_do:
            address = to_do.pop(0)
            # A few of each shape, such as /campaigns/54/report?quarter=1.
            shape = re.sub(r"[0-9]+", "0", address.removeprefix(url))
            seen[shape] += 1
            if address in done or seen[shape] > ALIKE:
                continue
            answer = client.get(address)
            done[address] = answer.status_code
            kinds.add(answer.headers.get("content-type", "").partition(";")[0])
            to_do += addresses_in(answer)
    assert {address for address in done if not address.startswith(f"{url}/")} == set()
    wrong = {address: status for address, status in done.items() if status not in {200, 302, 308}}
    # A campaign that is listed in one quarter may have no page in the current one.
    assert {address for address, status in wrong.items() if status != 404} == set()
    assert all(re.fullmatch(rf"{url}/campaigns/[0-9]+", address) for address in wrong)
    assert kinds >= {"text/html", "text/css", "text/javascript", "application/json", "image/png"}


def test_the_form_leads_to_the_campaign(url: str, visitor: httpx.Client) -> None:
    action = re.search(r'<form method="post" action="([^"]*)"', visitor.get(f"{url}/").text)
    assert action is not None
    answer = visitor.post(urljoin(url, action[1]), data={"campaign_id": f"0{CAMPAIGN}"})
    assert (answer.status_code, str(answer.url)) == (200, f"{url}/campaigns/{CAMPAIGN}")


def test_the_cookies_come_back(url: str, visitor: httpx.Client) -> None:
    for path in ("", "/banner", "/banner?format=html"):
        visitor.get(f"{url}/campaigns/{CAMPAIGN}{path}")
    assert {each.path for each in visitor.cookies.jar} == {f"/ads/campaigns/{CAMPAIGN}"}
    answer = visitor.get(f"{url}/campaigns/{CAMPAIGN}")
    assert "rotation_page=" in answer.request.headers["cookie"]
    firsts = [
        re.search(r'alt="Banner (\d+)"', visitor.get(f"{url}/campaigns/{CAMPAIGN}").text)
        for _ in range(20)
    ]
    shown = [first[1] for first in firsts if first]
    assert len(shown) == 20
    assert all(one != other for one, other in pairwise(shown))


def test_the_snippet_embeds_an_image(url: str, visitor: httpx.Client) -> None:
    page = unescape(unescape(visitor.get(f"{url}/campaigns/{CAMPAIGN}").text))
    image = re.search(r'<img src="(http[^"]*)"', page)
    frame = re.search(r'<iframe src="(http[^"]*)"', page)
    assert image
    assert frame
    assert image[1] == f"{url}/campaigns/{CAMPAIGN}/banner"
    assert visitor.get(image[1]).headers["content-type"] == "image/png"
    framed = visitor.get(frame[1])
    inner = re.search(r'<img src="([^"]*)"', framed.text)
    assert inner
    assert visitor.get(urljoin(str(framed.url), inner[1])).headers["content-type"] == "image/png"


def test_an_error_is_a_page_and_a_document_below_the_prefix(
    url: str, visitor: httpx.Client
) -> None:
    for path in ("/campaigns/x", "/campaigns/999999", "/nowhere", "/campaigns?page=0"):
        page = visitor.get(f"{url}{path}")
        assert page.status_code in {400, 404}
        assert {each for each in addresses_in(page) if not each.startswith(f"{url}/")} == set()
    assert_problem(visitor.get(f"{url}/api/v1/campaigns/x/banners"), 400, "invalid_campaign_id")
    assert_problem(visitor.get(f"{url}/api/v1/nowhere"), 404, "not_found")
    method = visitor.delete(f"{url}/campaigns")
    assert (method.status_code, method.headers["allow"]) == (405, "GET, HEAD, POST")


def test_the_description_names_the_server(url: str, visitor: httpx.Client) -> None:
    document = visitor.get(f"{url}/openapi.json").json()
    assert document["servers"] == [{"url": url}]
    text = json.dumps(document["paths"])
    images = re.findall(r'"image": "([^"]*)"', text)
    assert images
    assert all(each.startswith("/ads/static/images/") for each in images)
    samples = [
        sample["source"]
        for operations in document["paths"].values()
        for sample in operations.get("get", {}).get("x-codeSamples", ())
    ]
    assert samples
    assert [each for each in samples if f"{url}/" not in each] == []
    # The commands of the page name a campaign that exists.
    named = re.findall(rf"{re.escape(url)}[^\s<'\"]*", unescape(visitor.get(f"{url}/docs").text))
    commands = {each for each in named if "/api/" in each or "z" in each}
    assert commands
    for command in commands:
        assert visitor.get(command).status_code in {200, 400, 405}, command


def test_requests_are_sent_from_the_page_to_the_prefix(url: str, visitor: httpx.Client) -> None:
    page = visitor.get(f"{url}/docs?try=1").text
    assert 'data-openapi="/ads/openapi.json"' in page
    assert 'data-prefix="/ads"' in page


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/", "/status"])
def test_both_with_and_without_the_prefix_it_answers(url: str, proxy: Nginx, path: str) -> None:
    behind = f"http://127.0.0.1:{proxy.behind}"
    assert httpx.get(f"{url}{path}").status_code == 200
    for address in (f"{behind}{path}", f"{behind}/ads{path}"):
        assert httpx.get(address).status_code == 200, address
    assert httpx.get(f"{behind}/ads").status_code == 200
    assert httpx.get(f"{behind}/adsx").status_code == 404


@pytest.fixture(scope="module")
def now(published: Workplace) -> Iterator[Nginx]:
    """The application at this time, since the stress test goes by the real clock."""
    folder = published.folder / "var"
    with nginx(Nginx) as proxy:
        overrides = {
            "database_url": f"sqlite:///{folder}/banners.db",
            "images": str(folder / "images"),
            "public_url": proxy.urls["removed"],
        }
        with serving(web_application(load_settings(overrides)), port=proxy.behind):
            yield proxy


@pytest.mark.parametrize("path", ["page", "json", "banner"])
def test_the_stress_test_passes_below_the_prefix(
    now: Nginx, published: Workplace, path: str
) -> None:
    for address in (*now.urls.values(), f"http://127.0.0.1:{now.behind}"):
        ended = published.run("stress", address, "--requests", "60", "--path", path, "--json")
        report = json.loads(ended.stdout)
        assert (report["requests"], report["failed"]) == (60, 0), report


@pytest.mark.parametrize("path", ["page", "banner"])
def test_the_stress_test_fails_if_images_are_outside_the_prefix(
    published: Workplace, path: str
) -> None:
    folder = published.folder / "var"
    overrides = {"database_url": f"sqlite:///{folder}/banners.db"}
    with (
        nginx(Nginx) as proxy,
        serving(web_application(load_settings(overrides)), port=proxy.behind),
    ):
        address = proxy.urls["removed"]
        ended = published.run("stress", address, "--requests", "20", "--path", path, "--json")
    report = json.loads(ended.stdout)
    assert (ended.returncode, report["requests"], report["failed"]) == (1, 20, 20)
    assert set(report["failures"]) == {"wrong banners"}
