"""Forms with files are read within bounds, as our server receives them."""

import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from banners.web.hot import bounds
from banners.web.http import multipart
from banners.web.http.multipart import MOST_BYTES, MOST_FILES, read_form
from support.running import serving

PNG = ("file", ("C:\\images\\a name.png", b"\x89PNG" * 100_000, "image/png"))
SLOWLY = b"POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\nContent-Type: %s\r\n\r\n"


def application() -> FastAPI:
    app = FastAPI()

    @app.post("/upload")
    async def upload(request: Request) -> JSONResponse:
        form = await read_form(request)
        sizes = {file.name: len(file.content) for file in form.files}
        return JSONResponse({"fields": dict(form.fields), "files": sizes})

    @app.post("/other")
    async def other(request: Request) -> JSONResponse:
        return JSONResponse({"bytes": len(await request.body())})

    return app


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(application()) as here:
        yield here


@pytest.fixture
def send(address: str) -> Callable[..., httpx.Response]:
    def post(**words: Any) -> httpx.Response:
        return httpx.post(f"{address}/upload", timeout=60, **words)

    return post


def test_texts_and_files_are_read(send: Callable[..., httpx.Response]) -> None:
    answer = send(data={"name": "Spring — Frühling"}, files=[PNG])
    assert answer.json() == {
        "fields": {"name": "Spring — Frühling"},
        "files": {"a name.png": 400_000},
    }


def test_a_file_that_nobody_chose_is_none(send: Callable[..., httpx.Response]) -> None:
    # As browsers send it.
    content = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--b--\r\n'
    )
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    assert send(content=content, headers=kind).json() == {"fields": {}, "files": {}}


def test_a_form_of_the_largest_size_is_read(send: Callable[..., httpx.Response]) -> None:
    largest = ("file", ("a.png", bytes(MOST_BYTES - 1_000), "image/png"))
    assert send(files=[largest]).json()["files"] == {"a.png": MOST_BYTES - 1_000}


def test_a_larger_form_is_refused_whether_or_not_it_says_its_size(
    send: Callable[..., httpx.Response],
) -> None:
    larger = ("file", ("a.png", bytes(MOST_BYTES), "image/png"))
    assert send(files=[larger]).status_code == 413
    made = httpx.Request("POST", "http://a", files=[larger])

    def in_pieces() -> Iterator[bytes]:
        content = made.read()
        for start in range(0, len(content), 2**20):
            yield content[start : start + 2**20]

    headers = {"Content-Type": made.headers["content-type"]}
    assert send(content=in_pieces(), headers=headers).status_code == 413


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ({"data": {"name": "a"}}, 415),
        ({"content": b"--b\r\n\r\n", "headers": {"Content-Type": "multipart/form-data"}}, 400),
        ({"content": b"?", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, 400),
        ({"files": [PNG], "data": {"name": "a" * 20_000}}, 400),
        ({"files": [("file", ("a", b"a", "image/png"))] * (MOST_FILES + 1)}, 400),
    ],
    ids=["no files", "no boundary", "nonsense", "a long text", "many files"],
)
def test_what_is_no_form_with_files_is_refused(
    send: Callable[..., httpx.Response], words: dict[str, Any], status: int
) -> None:
    assert send(**words).status_code == status


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf8"'])
def test_a_form_may_say_that_it_is_in_utf_8(
    send: Callable[..., httpx.Response], charset: str
) -> None:
    assert in_charset(send, charset, "ä".encode()).json()["fields"] == {"name": "ä"}


@pytest.mark.parametrize("charset", ["latin-1", "undefined", "idna", "unicode_escape", "zip", "x"])
def test_a_form_in_another_charset_is_refused(
    send: Callable[..., httpx.Response], charset: str
) -> None:
    assert in_charset(send, charset, b"\\ud800").status_code == 415


def in_charset(send: Callable[..., httpx.Response], charset: str, text: bytes) -> httpx.Response:
    content = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n%b\r\n--b--\r\n' % text
    kind = f"multipart/form-data; boundary=b; charset={charset}"
    return send(content=content, headers={"Content-Type": kind})


def test_only_who_sends_a_form_with_files_may_take_longer(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "WAIT_SECONDS", 1)
    monkeypatch.setattr(multipart, "SECONDS", 4)
    other = SLOWLY.replace(b"/upload", b"/other") % b"text/plain"
    place = urlsplit(address)
    clients = [socket.create_connection((place.hostname, place.port), 30) for _ in range(2)]
    for client, head in zip(
        clients, (SLOWLY % b"multipart/form-data; boundary=b", other), strict=True
    ):
        client.sendall(head + b"--b\r\n")
    assert clients[1].recv(4_096).startswith(b"HTTP/1.1 408 ")
    clients[0].setblocking(False)  # it takes nothing else
    with pytest.raises(BlockingIOError):
        clients[0].recv(4_096)
    clients[0].settimeout(30)
    assert clients[0].recv(4_096).startswith(b"HTTP/1.1 408 ")
    for client in clients:
        client.close()
