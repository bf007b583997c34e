"""`leadml.toml`: the keys there are, and how the file is read and judged.

- settings.py: every key with its type, its default, and the one line that documents it
- cutoffs.py: what may be asked of cutoffs; asked.py: what of it cannot be had together
- combinations.py: keys that are right by themselves and impossible together
- reading.py: the file to `Settings`, or one `ConfigError` that lists every problem
"""

from leadml.config.reading import dotted, keys, load_settings, parse_settings
from leadml.config.settings import Settings

__all__ = ["Settings", "dotted", "keys", "load_settings", "parse_settings"]
