"""The servers that Banners is measured against: nginx and the plain design."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from data import IMAGES, QUARTER
from ours import PATIENCE_SECONDS, is_answered, until
from sqlalchemy import make_url
from wrk import program

PLAIN_WORKERS = 4
_BASELINE = Path(__file__).with_name("baseline")

_NGINX = """\
daemon off;
worker_processes {workers};
pid {folder}/pid;
error_log {folder}/errors;
{user}
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  open_file_cache max=1000 inactive=1h;
  open_file_cache_valid 1h;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {folder}/files;
    default_type text/html;
    location = /banner {{ return 302 {location}; }}
    location /e/ {{
      empty_gif;
      access_log {folder}/events combined buffer=64k flush=1s;
    }}
    location /c/ {{
      return 302 {location};
      access_log {folder}/events combined buffer=64k flush=1s;
    }}
  }}
}}
"""


@contextmanager
def nginx(files: Mapping[str, bytes], location: str, *, workers: int) -> Iterator[str]:
    """Serve files by nginx at its best, and yield its address.

    It keeps files open instead of opening one for each request, keeps connections however many
    requests they carry, and writes no access log but that of ``/e/``, which is answered with its
    own empty image, and of ``/c/``, which redirects.

    Args:
        files: the content of each file, by its name.
        location: the address to which ``/banner`` and ``/c/`` redirect.
        workers: the number of worker processes.
    """
    found = program("nginx")
    with tempfile.TemporaryDirectory(prefix="banners-nginx-") as name:
        folder, port = Path(name), _free_port()
        (folder / "files").mkdir()
        for file, body in files.items():
            (folder / "files" / file).write_bytes(body)
        user = "user root;" if os.geteuid() == 0 else ""
        text = _NGINX.format(
            workers=workers, folder=folder, user=user, port=port, location=location
        )
        (folder / "conf").write_text(text, encoding="utf-8")
        words = [found, "-p", name, "-e", str(folder / "errors"), "-c", str(folder / "conf")]
        with _running(words, f"http://127.0.0.1:{port}", f"/{next(iter(files))}", {}) as url:
            yield url


@contextmanager
def plain(database: str, redis: str) -> Iterator[str]:
    """Serve by the plain design, and yield its address.

    Args:
        database: the URL of a MariaDB database with something published.
        redis: the URL of Redis.
    """
    parts, port = make_url(database), _free_port()
    connect = {
        "host": parts.host,
        "port": parts.port,
        "user": parts.username,
        "password": parts.password,
        "database": parts.database,
    }
    variables = {
        "PLAIN_DATABASE": json.dumps(connect),
        "PLAIN_REDIS_URL": redis,
        "PLAIN_QUARTER": str(int(QUARTER)),
        "PLAIN_IMAGES": str(IMAGES.resolve()),
    }
    words = [sys.executable, "-m", "gunicorn", "--workers", str(PLAIN_WORKERS), "app:app"]
    words += ["--bind", f"127.0.0.1:{port}", "--chdir", str(_BASELINE), "--log-level", "error"]
    with _running(words, f"http://127.0.0.1:{port}", "/campaigns/1", variables) as url:
        yield url


@contextmanager
def _running(words: list[str], url: str, path: str, variables: Mapping[str, str]) -> Iterator[str]:
    process = subprocess.Popen(words, env={**os.environ, **variables})
    try:
        until(lambda: process.poll() is not None or is_answered(url + path), "no answer came")
        if process.poll() is not None:
            raise SystemExit(f"This has ended: {' '.join(words)}")
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
