"""Campaigns and banners as people maintain them: checked, compared, exchanged as files."""
