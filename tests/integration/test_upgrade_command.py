"""``banners upgrade``: an older database is brought up to date by a command."""

import json

import httpx

from banners.core.figures import FIGURE_NAMES
from support import older
from support.running import Workplace
from support.servers import until


def old(workplace: Workplace) -> None:
    """Put a database at step 1, as commit 8ccc380 made it, where the commands look for one."""
    file = workplace.folder / "var" / "banners.db"
    file.parent.mkdir()
    file.write_bytes(older.contents())


def test_an_older_database_is_upgraded_once_and_shows_what_it_held(workplace: Workplace) -> None:
    old(workplace)
    before = workplace.run("show", "5", "--quarter", "1", "--json")
    assert (before.returncode, "banners upgrade" in before.stderr) == (1, True)
    first = workplace.run("upgrade")
    assert first.returncode == 0, first.stderr
    assert "packing generation 2, quarter 2 (6 of 6 quarters)" in first.stderr
    assert "up to date now (steps 2" in first.stdout
    assert "All generations were kept." in first.stdout
    assert "nothing was changed" in workplace.run("upgrade").stdout
    shown = json.loads(workplace.run("show", "5", "--quarter", "1", "--json").stdout)
    expected = older.lineups()[2, 1, 5]
    assert [each["banner_id"] for each in shown["lineup"]] == [row[0] for row in expected.banners]


def test_a_crunch_upgrades_and_says_so(workplace: Workplace) -> None:
    old(workplace)
    workplace.run("sample", "events", "--impressions", "500", "--quarter", "1")
    ended = workplace.run("crunch", "events", "--accept")
    assert ended.returncode == 0, ended.stderr
    assert "Bringing the tables up to date: packing generation 1, quarter 1" in ended.stderr
    kept = json.loads(workplace.run("generations", "--json").stdout)["generations"]
    assert {each["generation"] for each in kept} == {1, 2, 3}


def test_without_a_database_there_is_nothing_to_upgrade(workplace: Workplace) -> None:
    ended = workplace.run("upgrade")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert "Nothing is published yet" in ended.stderr
    assert not (workplace.folder / "var").exists()


def test_the_server_says_that_the_tables_are_older_and_serves_them_once_they_are_upgraded(
    workplace: Workplace,
) -> None:
    old(workplace)
    with workplace.start("serve", "--port", "0") as running:
        assert running.stdout is not None
        assert "Bring the tables up to date: banners upgrade" in running.stdout.readline()
        running.terminate()
    place = Workplace(workplace.folder, {**workplace.variables, "BANNERS_OPERATORS": "open"})
    lineup = "/api/v1/campaigns/5?quarter=1"
    with place.serving() as (address, _), httpx.Client(base_url=address) as client:
        for path in (lineup, "/campaigns/5", "/campaigns/5/report?quarter=1", "/status"):
            answer = client.get(path)
            assert answer.status_code == (200 if path == "/status" else 503)
            assert "up to date: banners upgrade" in answer.text
        assert place.run("upgrade").returncode == 0
        until(lambda: client.get(lineup).status_code == 200)
        served = client.get(lineup).json()
        shown = client.get("/campaigns/5?quarter=1")
        report = client.get("/campaigns/5/report?quarter=1")
    expected = older.lineups()[2, 1, 5]
    assert served["rule"] == expected.rule
    assert [
        (each["banner_id"], *(each[name] for name in FIGURE_NAMES[:3])) for each in served["lineup"]
    ] == [row[:4] for row in expected.banners]
    assert (shown.status_code, report.status_code) == (200, 200)
    assert f"Banner {expected.banners[0][0]}" in report.text
