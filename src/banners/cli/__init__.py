"""The command line: ``banners COMMAND``, one module a command."""

from banners.cli.group import banners as main

__all__ = ["main"]
