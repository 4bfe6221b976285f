"""The Moodle connector of lms-sync."""

from lms_sync_moodle.connector import MoodleConnector
from lms_sync_moodle.settings import MoodleOptions

__all__ = ["MoodleConnector", "MoodleOptions"]
