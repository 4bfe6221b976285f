"""Moodle's web-service functions as the sandbox answers them, one module a subject.

Each answer is computed from the world; none is canned. Importing this package registers them all.
"""

from lms_sync.sandbox.functions import (
    assignments,
    companion,
    completion,
    courses,
    grades,
    notes,
    people,
    quizzes,
    review,
    site,
    updates,
)

__all__ = [
    "assignments",
    "companion",
    "completion",
    "courses",
    "grades",
    "notes",
    "people",
    "quizzes",
    "review",
    "site",
    "updates",
]
