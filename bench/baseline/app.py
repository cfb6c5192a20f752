"""The plain design that serving is measured against.

Flask under gunicorn, Redis as a cache in front of MariaDB, pages by Jinja: a straightforward
implementation. It reads a table of lineups that the benchmark makes of what Banners publishes, and
shows the same banners.
"""

import json
import os
import random
from functools import cache
from typing import Any

import pymysql
from flask import Flask, Response, jsonify, redirect, render_template, send_from_directory
from redis import Redis

LEAST = 5
KEEP_SECONDS = 600

LINEUP = """
SELECT rule, banner_ids, figures, fill_ids
FROM plain_lineups
WHERE quarter = %s AND campaign_id = %s
"""
INVENTORY = """
SELECT i.banner_ids
FROM inventory i JOIN active_generations a ON a.generation = i.generation AND a.quarter = i.quarter
WHERE i.quarter = %s
"""
IMPRESSION = "INSERT INTO plain_impressions (campaign_id, banner_id) VALUES (%s, %s)"
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
QUARTER = int(os.environ["PLAIN_QUARTER"])

app = Flask(__name__)
stored = Redis.from_url(os.environ["PLAIN_REDIS_URL"])


@cache
def kept_connection() -> "pymysql.Connection[Any]":
    """Return the connection of this worker, which lasts: making one takes longer than inserting."""
    return pymysql.connect(**json.loads(os.environ["PLAIN_DATABASE"]))


def query(statement: str, *values: int) -> list[tuple[Any, ...]]:
    """Run a query, and return its rows."""
    connection = pymysql.connect(**json.loads(os.environ["PLAIN_DATABASE"]))
    with connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def cached(key: str, read: Any) -> Any:
    """Return a value from the cache; on a miss, read it and store it there."""
    kept: Any = stored.get(key)
    if kept is None:
        kept = json.dumps(read())
        stored.set(key, kept, ex=KEEP_SECONDS)
    return json.loads(kept)


def lineup(campaign_id: int) -> dict[str, Any] | None:
    """Read the lineup of a campaign."""

    def read() -> dict[str, Any] | None:
        for rule, *lists in query(LINEUP, QUARTER, campaign_id):
            ids, figures, others = map(json.loads, lists)
            return {"rule": rule, "banner_ids": ids, "figures": figures, "others": others}
        return None

    found: dict[str, Any] | None = cached(f"plain:lineup:{campaign_id}", read)
    return found


def shown(found: dict[str, Any]) -> list[int]:
    """Return the banners to show, filled up to five, in random order."""
    ids = list(found["banner_ids"])
    ids += random.sample(found["others"], min(max(0, LEAST - len(ids)), len(found["others"])))
    if len(ids) < LEAST:
        rows = cached("plain:inventory", lambda: query(INVENTORY, QUARTER))
        more = {each for (part,) in rows for each in json.loads(part)} - set(ids)
        ids += random.sample(sorted(more), LEAST - len(ids))
    random.shuffle(ids)
    return ids


@app.get("/campaigns/<int:campaign_id>")
def page(campaign_id: int) -> Any:
    """Return the page of a campaign."""
    found = lineup(campaign_id)
    if found is None:
        return "No such campaign", 404
    return render_template("campaign.html", campaign_id=campaign_id, banner_ids=shown(found))


@app.get("/seen/campaigns/<int:campaign_id>")
def page_with_image(campaign_id: int) -> Any:
    """Return the page of a campaign, with a small image that tells that it was seen."""
    found = lineup(campaign_id)
    if found is None:
        return "No such campaign", 404
    ids = shown(found)
    image = f"/e/{campaign_id}/{'-'.join(map(str, ids))}"
    return render_template("campaign.html", campaign_id=campaign_id, banner_ids=ids, image=image)


@app.get("/e/<int:campaign_id>/<ids>")
def seen(campaign_id: int, ids: str) -> Response:
    """Record an impression of each banner, and return an image."""
    connection = kept_connection()
    with connection.cursor() as cursor:
        for banner_id in ids.split("-"):
            cursor.execute(IMPRESSION, (campaign_id, int(banner_id)))
        connection.commit()
    return Response(GIF, mimetype="image/gif", headers={"Cache-Control": "no-store"})


@app.get("/campaigns/<int:campaign_id>/banner")
def banner(campaign_id: int) -> Any:
    """Redirect to the image of one banner."""
    found = lineup(campaign_id)
    if found is None:
        return "No such campaign", 404
    return redirect(f"/static/images/image_{shown(found)[0]}.png")


@app.get("/api/v1/campaigns/<int:campaign_id>")
def document(campaign_id: int) -> Any:
    """Return the lineup as JSON."""
    found = lineup(campaign_id)
    if found is None:
        return jsonify(error="no such campaign"), 404
    return jsonify(campaign_id=campaign_id, quarter=QUARTER, **found)


@app.get("/static/images/<name>")
def image(name: str) -> Response:
    """Return an image."""
    return send_from_directory(os.environ["PLAIN_IMAGES"], name)
