"""Banners: for this campaign, in this quarter of the hour, which banners?

From Python, such as in a notebook: :func:`crunch_folder` makes tables of event files,
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
    # Every module of the package runs this one first, and hardly any needs the library (PEP 562).

    def __getattr__(name: str) -> object:
        """Load the library when something of it is asked for."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(f"{__name__}.library"), name)

    def __dir__() -> list[str]:
        """List what there is, that which is not loaded yet as well."""
        return sorted({*globals(), *__all__})
