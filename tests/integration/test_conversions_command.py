"""``banners conversions``: from an advertiser's file to revenue in a lineup."""

import json
import stat
import time

import pytest

from banners.collect.token import Tokens
from banners.collect.token_keys import make_token_keys
from banners.core.slots import slot_at
from banners.core.views import Traffic
from support.event_logs import Clock, ended_slot, open_log, views_of
from support.running import Workplace

KEY = "0f6c1e1d5a7b4f0c9f6d3f0f2e9d8c7b"


@pytest.fixture
def recording(workplace: Workplace) -> Workplace:
    (workplace.folder / "senders").write_text(f"shop {KEY} 54\nother {KEY[::-1]} 55\n")
    variables = {"BANNERS_EVENTS": "live", "BANNERS_CONVERSION_KEYS_FILE": "senders"}
    return Workplace(workplace.folder, {**workplace.variables, **variables})


def click_token(recording: Workplace, slot: int) -> str:
    """Record a click, and return the text that its landing page got."""
    events = recording.folder / "live"
    tokens = Tokens(make_token_keys(events / "token_keys"))
    view = views_of(slot)[0]
    log = open_log(events, Clock(slot))
    assert log.impressions(view, Traffic.CLEAN)
    assert log.click(view, 1, Traffic.CLEAN)
    assert log.close()
    return tokens.click_token(slot, view.view_id * 16 + 1, 54).decode()


def write(recording: Workplace, *rows: str) -> None:
    lines = "".join(f"{row}\n" for row in ("conversion_id,click,revenue", *rows))
    (recording.folder / "orders.csv").write_text(lines)


def test_conversions_become_revenue_once(recording: Workplace) -> None:
    slot = ended_slot()
    click = click_token(recording, slot)
    write(recording, f"order-1,{click},12.50", f"order-1,{click},12.5", f"order-2,{click},--1")
    ended = recording.run("conversions", "orders.csv", "--key", "shop")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("1 accepted, 1 duplicate, 1 refused. ")
    assert ended.stderr.startswith("line 4: bad_revenue (expected up to 12 digits")
    again = recording.run("conversions", "orders.csv", "--key", "shop")
    assert again.returncode == 0
    assert recording.run("close").returncode == 0
    quarter = str(slot % 4 + 1)
    assert recording.run("crunch", "live", "--quarter", quarter).returncode == 0
    shown = json.loads(recording.run("show", "54", "--quarter", quarter, "--json").stdout)
    assert [each["revenue"] for each in shown["lineup"]] == ["12.500000"]
    assert [each["conversions"] for each in shown["lineup"]] == [1]


def test_a_refund_is_recorded_and_reduces_no_revenue(recording: Workplace) -> None:
    slot = ended_slot()
    click = click_token(recording, slot)
    write(recording, f"order-1,{click},12.50", f"refund-1,{click},-2.5")
    ended = recording.run("conversions", "orders.csv", "--key", "shop")
    assert ended.stdout.startswith("2 accepted, 0 duplicate, 0 refused. ")
    assert recording.run("close").returncode == 0
    quarter = str(slot % 4 + 1)
    files = (recording.folder / "live" / quarter).glob("conversions_*.csv")
    rows = [line for path in files for line in path.read_text().splitlines()[1:]]
    assert sorted(row.split(",")[2] for row in rows) == ["-2.500000", "12.500000"]
    # Of so few rows, one refund is more than the gate lets through.
    crunched = recording.run("crunch", "live", "--quarter", quarter, "--accept", "--json")
    accounts = json.loads(crunched.stdout)["quarters"][int(quarter) - 1]["accounts"]
    quarantined = {each["kind"]: each["quarantined"] for each in accounts}
    assert quarantined["conversions"] == {"refund": 1}
    shown = json.loads(recording.run("show", "54", "--quarter", quarter, "--json").stdout)
    assert [each["revenue"] for each in shown["lineup"]] == ["12.500000"]


def test_the_sender_of_another_campaign_is_refused(recording: Workplace) -> None:
    write(recording, *[f"order-1,{click_token(recording, ended_slot())},1"] * 30)
    ended = recording.run("conversions", "orders.csv", "--key", "other")
    assert "line 2: other_campaign" in ended.stderr
    assert ended.stderr.endswith("and 10 more refused rows\n")
    assert ended.stdout.startswith("0 accepted, 0 duplicate, 30 refused. ")


@pytest.mark.parametrize(
    ("keep", "window", "hours"),
    [(30, 72, 29 * 24), (5, 72, 4 * 24), (1, 72, 2 * 24), (1, 1, 12)],
)
def test_a_click_is_too_old_a_day_before_its_events_may_be_removed(
    recording: Workplace, keep: int, window: int, hours: int
) -> None:
    variables = {"BANNERS_KEEP_EVENTS": str(keep), "BANNERS_WINDOW": str(window)}
    kept = Workplace(recording.folder, {**recording.variables, **variables})
    slots = [slot_at(time.time()) - 4 * hours + away for away in (2, -1)]
    write(recording, *(f"order-1,{click_token(recording, slot)},1" for slot in slots))
    ended = kept.run("conversions", "orders.csv", "--key", "shop")
    assert ended.stdout.startswith("1 accepted, 0 duplicate, 1 refused. ")
    assert ended.stderr.startswith("line 3: too_old (the click is so old")


def test_the_key_of_links_is_made_for_its_owner_alone(recording: Workplace) -> None:
    write(recording, "order-1,x,1")
    assert recording.run("conversions", "orders.csv", "--key", "shop").returncode == 0
    made = recording.folder / "live" / "token_keys"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert made.read_text().strip() not in recording.run("close").stdout


def test_several_hosts_are_told_that_they_need_the_same_keys(recording: Workplace) -> None:
    write(recording, "order-1,x,1")
    named = Workplace(recording.folder, {**recording.variables, "BANNERS_HOST": "web-1"})
    words = ("conversions", "orders.csv", "--key", "shop")
    assert "BANNERS_HOST is set without BANNERS_TOKEN_KEYS_FILE" in named.run(*words).stderr
    (recording.folder / "keys").write_text("k" * 32)
    variables = {**named.variables, "BANNERS_TOKEN_KEYS_FILE": "keys"}
    assert "BANNERS_HOST" not in Workplace(recording.folder, variables).run(*words).stderr


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("BANNERS_CONVERSION_KEYS_FILE", "", "BANNERS_CONVERSION_KEYS_FILE is empty"),
        ("BANNERS_EVENTS", "", "BANNERS_EVENTS is empty"),
        ("BANNERS_MOST_REVENUE", "0", "an amount above zero"),
        ("BANNERS_MOST_REVENUE", "-5", "an amount above zero"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named(
    recording: Workplace, name: str, value: str, sentence: str
) -> None:
    write(recording, "order-1,x,1")
    changed = Workplace(recording.folder, {**recording.variables, name: value})
    ended = changed.run("conversions", "orders.csv", "--key", "shop")
    assert ended.returncode == 2
    assert sentence in ended.stderr


def test_an_unknown_sender_is_wrong_usage(recording: Workplace) -> None:
    ended = recording.run("conversions", "orders.csv", "--key", "none")
    assert ended.returncode == 2
    assert "It has: shop, other." in ended.stderr


def test_a_file_that_cannot_be_read_is_a_failure(recording: Workplace) -> None:
    ended = recording.run("conversions", "none.csv", "--key", "shop")
    assert ended.returncode == 1
    assert "none.csv cannot be read" in ended.stderr
