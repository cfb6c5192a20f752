"""Makes docs/settings.md from the table of settings: ``python docs/make_settings.py``."""

from pathlib import Path

from banners.settings import table

HEAD = """\
# Settings
A setting is read from the environment, or else from a file `.env` in the working folder. In either,
the variable with `_FILE` behind its name (for secrets) points to a file that holds the value, and
wins over the one without. An option on the command line wins over all.

This page is made from the table in the code by `.venv/bin/python docs/make_settings.py`.

| variable | default | what it does |
| --- | --- | --- |
"""


def page() -> str:
    """Write the page."""
    rows = (
        f"| `{row.variable}` | {f'`{row.default}`' if row.default else '(empty)'} | {row.help} |\n"
        for row in table()
    )
    return HEAD + "".join(rows)


if __name__ == "__main__":
    Path(__file__).with_name("settings.md").write_text(page(), encoding="utf-8")
