"""The version, for those modules that show it: the package itself they must not know."""

__version__ = "0.1.0"
