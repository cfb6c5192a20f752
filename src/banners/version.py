"""The version, in a module of its own: modules that show it must not import the package."""

__version__ = "1.0.0"
