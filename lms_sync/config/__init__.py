"""The operator's configuration: `settings` says what it may hold and loads it, `checks` words the problems."""

from lms_sync.config.settings import (
    FILE_NAME,
    FILE_VARIABLE,
    STORE_VARIABLE,
    Settings,
    SourceSettings,
    find_config,
    load_settings,
)

__all__ = [
    "FILE_NAME",
    "FILE_VARIABLE",
    "STORE_VARIABLE",
    "Settings",
    "SourceSettings",
    "find_config",
    "load_settings",
]
