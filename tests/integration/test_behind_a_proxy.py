"""Behind nginx with the configuration of docs/proxy.md: TLS, and the address of the client."""

import ssl
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from banners.core.proxies import NO_PROXIES, TrustedProxies
from banners.settings import load_settings
from banners.web.http.multipart import MOST_BYTES
from banners.web.middleware.proxies import BehindProxies
from banners.web.shared_memory import WRONG_PASSWORDS
from banners.wiring import web_application
from support.proxies import ROOT, DocumentedNginx, nginx
from support.running import Workplace, serving

VISITOR = "127.0.0.2"
"""Another address of this machine than that of nginx, for a client."""


async def tell_client(scope: Scope, _: Receive, send: Send) -> None:
    """Answer with the address of the client, as the application sees it."""
    told = scope["client"][0].encode()
    length = (b"content-length", str(len(told)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": told})


@pytest.fixture(scope="module")
def proxy() -> Iterator[DocumentedNginx]:
    with nginx(DocumentedNginx) as server:
        yield server


@pytest.fixture
def visitor(proxy: DocumentedNginx) -> Iterator[httpx.Client]:
    """A visitor who knows the host by its name, and trusts its certificate."""
    transport = httpx.HTTPTransport(verify=trusting(proxy), local_address=VISITOR)
    url = f"https://127.0.0.1:{proxy.keeping}"
    with httpx.Client(transport=transport, base_url=url, headers={"Host": proxy.host}) as client:
        yield client


def trusting(proxy: DocumentedNginx) -> ssl.SSLContext:
    """Return what trusts the proxy's certificate."""
    return ssl.create_default_context(cafile=proxy.certificate)


def ask(visitor: httpx.Client, path: str, **headers: str) -> httpx.Response:
    """Send a request to the host by its name, which no server of names knows."""
    extensions = {"sni_hostname": DocumentedNginx.host}
    return visitor.get(path, headers=headers, extensions=extensions)


@pytest.mark.parametrize(
    ("trusted", "seen"),
    [
        pytest.param(TrustedProxies.parse("127.0.0.1"), VISITOR, id="trusted"),
        pytest.param(TrustedProxies.parse("10.0.0.0/8"), "127.0.0.1", id="another proxy trusted"),
        pytest.param(NO_PROXIES, "127.0.0.1", id="nobody trusted"),
    ],
)
@pytest.mark.parametrize("forged", ["", "203.0.113.9", "127.0.0.1", "unknown"])
def test_the_client_is_whom_a_trusted_proxy_names_and_nobody_can_forge_it(
    proxy: DocumentedNginx, visitor: httpx.Client, trusted: TrustedProxies, seen: str, forged: str
) -> None:
    headers = {"X-Forwarded-For": forged, "Forwarded": f"for={forged}"} if forged else {}
    with serving(BehindProxies(tell_client, trusted), port=proxy.behind):
        assert ask(visitor, "/", **headers).text == seen


def test_without_the_proxy_the_header_does_not_count(proxy: DocumentedNginx) -> None:
    transport = httpx.HTTPTransport(local_address=VISITOR)
    trusted = TrustedProxies.parse("127.0.0.1")
    with (
        serving(BehindProxies(tell_client, trusted), port=proxy.behind) as url,
        httpx.Client(transport=transport) as client,
    ):
        assert client.get(url, headers={"X-Forwarded-For": "203.0.113.9"}).text == VISITOR


@pytest.fixture
def pages(proxy: DocumentedNginx, published: Workplace) -> Iterator[None]:
    """The web application behind the proxy, with the settings of the document."""
    folder = published.folder / "var"
    settings = load_settings(
        {
            "database_url": f"sqlite:///{folder}/banners.db",
            "images": str(folder / "images"),
            "public_url": f"https://{proxy.host}",
            "trusted_proxies": "127.0.0.1",
        }
    )
    with serving(web_application(settings), port=proxy.behind):
        yield


@pytest.mark.parametrize(
    ("trusted", "counted"),
    [
        pytest.param("127.0.0.1", [1, 1], id="each visitor alone"),
        pytest.param("", [2], id="all together"),
    ],
)
def test_wrong_passwords_are_counted_by_the_address_that_a_trusted_proxy_names(
    proxy: DocumentedNginx,
    visitor: httpx.Client,
    no_settings: Path,
    trusted: str,
    counted: list[int],
) -> None:
    # The key decides which addresses are counted in the same place; with this one they are not.
    (no_settings / "var").mkdir()
    (no_settings / "var" / "session_key").write_text("a key of the tests " * 3)
    counts = memoryview(bytearray(8 * WRONG_PASSWORDS)).cast("d")
    settings = load_settings({"trusted_proxies": trusted})
    transport = httpx.HTTPTransport(verify=trusting(proxy), local_address="127.0.0.3")
    url, host = str(visitor.base_url), {"Host": proxy.host}
    with (
        serving(web_application(settings, counts=counts), port=proxy.behind),
        httpx.Client(transport=transport, base_url=url, headers=host) as another,
    ):
        for client in (visitor, another):
            answer = ask(client, "/metrics", Authorization="Bearer wr0ng-one")
            assert answer.status_code == HTTPStatus.UNAUTHORIZED
    # The first count is that of all addresses together.
    overall, *by_address = [count for count in counts[::2] if count]
    assert (overall, by_address) == (2, counted)


@pytest.mark.usefixtures("pages")
def test_pages_are_sent_with_tls_and_their_cookies_only_there(visitor: httpx.Client) -> None:
    answer = ask(visitor, "/campaigns/27")
    assert answer.status_code == HTTPStatus.OK
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert "; Secure" in answer.headers["set-cookie"]
    assert ask(visitor, "/readyz").json()["status"] == "ready"


def test_the_proxy_takes_forms_as_large_as_the_web_application_does() -> None:
    page = (ROOT / "docs" / "proxy.md").read_text(encoding="utf-8")
    assert f"client_max_body_size {MOST_BYTES >> 20}m;" in page


@pytest.mark.usefixtures("pages")
def test_an_address_without_tls_leads_to_the_one_with_it(
    proxy: DocumentedNginx, visitor: httpx.Client
) -> None:
    answer = visitor.get(f"http://127.0.0.1:{proxy.port}/campaigns/27?quarter=1")
    assert answer.status_code == HTTPStatus.MOVED_PERMANENTLY
    assert answer.headers["location"] == f"https://{proxy.host}/campaigns/27?quarter=1"


@pytest.mark.usefixtures("pages")
def test_headers_of_the_visitor_change_no_address_of_a_page(
    proxy: DocumentedNginx, visitor: httpx.Client
) -> None:
    forged = {
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "other.example",
        "Forwarded": "host=x",
    }
    page = ask(visitor, "/campaigns/27", **forged)
    assert page.status_code == HTTPStatus.OK
    assert "; Secure" in page.headers["set-cookie"]
    # Where nothing is recorded, visitors get complete addresses in these alone.
    documents = [ask(visitor, path, **forged) for path in ("/docs", "/openapi.json")]
    assert all(f"https://{proxy.host}" in each.text for each in documents)
    leads_to = {"/campaigns/27/": "/campaigns/27", "/status": "/sign-in?next=%2Fstatus"}
    led = [ask(visitor, path, **forged) for path in leads_to]
    assert [each.headers["location"] for each in led] == list(leads_to.values())
    for each in (page, *documents, *led):
        assert "other.example" not in f"{each.headers}{each.text}"
