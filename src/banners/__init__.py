"""Banners: for this campaign, in this quarter of the hour, which banners?"""

__version__ = "0.1.0"
