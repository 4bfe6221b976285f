"""The operator's configuration: `tables` says what it may hold, `settings` loads it, `checks` words the problems."""

from lms_sync.config.settings import (
    FILE_NAME,
    FILE_VARIABLE,
    STORE_VARIABLE,
    Settings,
    SourceSettings,
    find_config,
    load_settings,
)
from lms_sync.config.tables import CheckpointSettings, Outline

__all__ = [
    "FILE_NAME",
    "FILE_VARIABLE",
    "STORE_VARIABLE",
    "CheckpointSettings",
    "Outline",
    "Settings",
    "SourceSettings",
    "find_config",
    "load_settings",
]
