"""Banners: for this campaign, in this quarter of the hour, which banners?

For programs and notebooks: :func:`crunch_folder` turns event files into tables,
:func:`choose_lineups` applies the rule to figures, and :func:`list_generations`,
:func:`read_generation` and :func:`read_lineup` read what is published. docs/library.md shows them.
"""

from typing import TYPE_CHECKING

from banners.errors import BannersError
from banners.version import __version__ as __version__

__all__ = [
    "BannersError",
    "Chosen",
    "Crunched",
    "choose_lineups",
    "crunch_folder",
    "list_generations",
    "read_generation",
    "read_lineup",
]

if TYPE_CHECKING:
    from banners.library import (
        Chosen,
        Crunched,
        choose_lineups,
        crunch_folder,
        list_generations,
        read_generation,
        read_lineup,
    )
else:
    # Every import of the package runs this module, but few need the library (PEP 562).

    def __getattr__(name: str) -> object:
        """Load the library when one of its names is first used."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"{__name__}.library"), name)

    def __dir__() -> list[str]:
        """Return all names, including those that are not loaded yet."""
        return sorted({*globals(), *__all__})
