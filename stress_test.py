"""The stress test: 5,000 requests, one after another, each answer verified.

    python stress_test.py
    python stress_test.py http://localhost:9000 --concurrency 32

It runs ``banners stress``, whose ``--help`` explains the other options.
"""

import os
import shutil
import sys
from pathlib import Path


def main() -> None:
    """Run the command from .venv, or else from PATH."""
    here = Path(__file__).parent / ".venv" / "bin" / "banners"
    command = str(here) if here.exists() else shutil.which("banners")
    if command is None:
        raise SystemExit("The command banners is not installed yet. Install it with: make install")
    os.execv(command, [command, "stress", *sys.argv[1:]])  # noqa: S606  # our own command


if __name__ == "__main__":
    main()
