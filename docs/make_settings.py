"""Make docs/settings.md from the table of settings: ``python docs/make_settings.py``."""

from pathlib import Path

from banners.settings import table

HEAD = """\
# Settings
A setting is read from the environment, or else from a file `.env` in the working folder. In both,
the variable with `_FILE` added to its name names a file that holds the value (for secrets), and
overrides the variable without it. An option on the command line overrides both.

A setting that is written and not understood never becomes its default: a line of `.env` that
cannot be parsed, a name that is nearly that of a setting (`banners_database_url`), an empty file
behind `_FILE`, a value of spaces, and an empty `BANNERS_DATABASE_URL` end the command with status
2 and a message that names the file, the line and the setting. Any other empty variable stands for
the default.

This page is made from the table in the code by `.venv/bin/python docs/make_settings.py`.

| variable | default | what it does |
| --- | --- | --- |
"""


def page() -> str:
    """Return the page."""
    rows = (
        f"| `{row.variable}` | {f'`{row.default}`' if row.default else '(empty)'} | {row.help} |\n"
        for row in table()
    )
    return HEAD + "".join(rows)


if __name__ == "__main__":
    Path(__file__).with_name("settings.md").write_text(page(), encoding="utf-8")
