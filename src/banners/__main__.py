"""The command ``banners`` for ``python -m banners``, and as a file for ``spark-submit``."""

from banners.cli import main

if __name__ == "__main__":
    main(prog_name="banners")
