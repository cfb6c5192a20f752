"""Serving needs no package that only crunching needs: the web image does not have those."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

from support.running import Workplace

REQUIREMENTS = Path(__file__).parents[2] / "requirements"

# The modules of packages with another name.
MODULES = {"pillow": "PIL"}

_SERVE_WITHOUT = """\
import sys
sys.modules.update(dict.fromkeys(sys.argv[1:]))
from starlette.testclient import TestClient
from banners.asgi import create
from banners.cli import main
with TestClient(create()) as visitor:
    for path in ("/", "/campaigns/27", "/api/v1/campaigns/27", "/static/images/image_100.png"):
        print(visitor.get(path).status_code)
main(["show", "27"])
"""


def pins(name: str) -> dict[str, str]:
    text = (REQUIREMENTS / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def left_out() -> list[str]:
    packages = runpy.run_path(str(REQUIREMENTS / "compile.py"))["NOT_TO_SERVE"]
    return [*packages, "pyspark"]


def test_the_images_have_the_versions_that_the_tests_use() -> None:
    tested = pins("dev.txt")
    for image in ("job.txt", "web.txt"):
        here = {name: version for name, version in pins(image).items() if name in tested}
        assert here.items() <= tested.items()


def test_packages_left_out_of_the_web_image_are_in_that_of_the_job() -> None:
    assert pins("web.txt").keys().isdisjoint(left_out())
    assert pins("job.txt").keys() >= {*left_out(), *pins("web.txt")}


def test_pages_and_commands_that_read_work_without_those_packages(published: Workplace) -> None:
    names = [MODULES.get(name, name) for name in left_out()]
    ended = subprocess.run(
        [sys.executable, "-c", _SERVE_WITHOUT, *names],
        cwd=published.folder,
        env=published.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split()[:4] == ["200"] * 4
