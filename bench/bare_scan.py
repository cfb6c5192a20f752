"""The limit that a crunch is measured against: DuckDB only counts and sums the same files."""

import sys
from pathlib import Path

import duckdb

SUMS = {
    "impressions": "count(*), sum(banner_id), sum(campaign_id)",
    "clicks": "count(*), sum(click_id), sum(banner_id), sum(campaign_id)",
    "conversions": "count(*), sum(conversion_id), sum(click_id), sum(revenue)",
}


def main() -> None:
    """Scan the event files in the folder that the command line names."""
    with duckdb.connect() as connection:
        for kind, sums in SUMS.items():
            for path in sorted(Path(sys.argv[1]).glob(f"*/{kind}_*.csv")):
                connection.execute(f"SELECT {sums} FROM read_csv(?)", [str(path)]).fetchall()


if __name__ == "__main__":
    main()
