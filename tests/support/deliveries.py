"""Small deliveries of event files, of which a test may spoil one."""

from pathlib import Path

CLICKS = "click_id,banner_id,campaign_id\n"


def small_quarter(
    folder: Path, quarter: int = 2, clicks: str = "1,10,5\n", *, events: str = "events"
) -> Path:
    """Deliver a quarter of one campaign into a folder's folder of events, and give its own."""
    here = folder / events / str(quarter)
    here.mkdir(parents=True, exist_ok=True)
    (here / f"impressions_{quarter}.csv").write_text("banner_id,campaign_id\n10,5\n11,5\n")
    (here / f"clicks_{quarter}.csv").write_text(CLICKS + clicks)
    (here / f"conversions_{quarter}.csv").write_text("conversion_id,click_id,revenue\n1,1,0.1\n")
    return here
