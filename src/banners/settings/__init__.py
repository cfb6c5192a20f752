"""The settings: one table, and where their values come from.

A setting is read from the environment variable ``BANNERS_`` and its name in capitals, or else from
the same variable in a file ``.env`` in the working directory. ``BANNERS_…_FILE`` names a file that
holds the value, for secrets, and takes precedence over the variable.
"""

from banners.settings.environment import PREFIX
from banners.settings.load import SettingRow, load_settings, table
from banners.settings.table import Settings
from banners.settings.values import ENGINES, LOG_FORMATS

__all__ = ["ENGINES", "LOG_FORMATS", "PREFIX", "SettingRow", "Settings", "load_settings", "table"]
