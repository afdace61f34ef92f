"""The configuration: one YAML file, read whole, refused with every fault at once.

`document` turns the file into a tree that knows its lines, `schema` says which keys there are,
`kinds` and `values` how each is read and written, `checks` what contradicts itself, and
`loading` puts them together. The rest of the program takes its names from here.
"""

from .faults import ConfigError, Fault
from .loading import find, load
from .settings import Calls, LogSettings, ModemSettings, Settings, StorageSettings

__all__ = [
    "Calls",
    "ConfigError",
    "Fault",
    "LogSettings",
    "ModemSettings",
    "Settings",
    "StorageSettings",
    "find",
    "load",
]
