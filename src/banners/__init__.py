"""Banners: for this campaign, in this quarter of the hour, which banners?"""

from banners.version import __version__ as __version__
