"""The options of a Moodle source: the table `[sources.NAME.options]`.

Owns their names, defaults and limits. Must not know how they are used.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class MoodleOptions(BaseModel):
    """What may be chosen for a Moodle site; every option has a default that suits most academies."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    learner_roles: list[str] = Field(default=["student"], min_length=1)
    """Short names of the roles whose holders learn (Site administration › Users › Permissions › Define roles)."""

    include_courses: list[int | str] = []
    """Only these courses; empty: all. A number is Moodle's course id, a text is an idnumber or a short name."""

    exclude_courses: list[int | str] = []
    """Never these courses, in the same notation."""

    include_categories: list[int | str] = []
    """Only courses in these categories and below; a number is an id, a text is an idnumber or a name."""

    exclude_categories: list[int | str] = []
    """Never courses in these categories and below."""

    slice_above: int = Field(default=150, ge=0)
    """Learners: a larger course's grades are read learner by learner. Moodle takes 15 to 40 ms a learner, so that
    150 stay well under the 60 s at which proxies cut."""

    page_size: int = Field(default=500, ge=1, le=5000)
    """People asked for at once."""

    overlap: int = Field(default=300, ge=0, le=86400)
    """Seconds that a reading of changes reaches back behind the last one. Moodle stamps a change when the request
    begins and commits it later, and web servers' clocks differ; five minutes cover both."""

    form_limit: int = Field(default=900, ge=50)
    """Form fields a request may have: below PHP's max_input_vars (1000 by default), which cuts in silence."""

    log_page: int = Field(default=5_000, ge=10)
    """Rows of Moodle's log that are asked for and kept at once, where the companion plugin tells it."""

    completion_limit: int = Field(default=200, ge=0)
    """Learners a course whose completed activities are asked for in a run, 10 to 40 ms each, where there is no log to
    read; the others follow in the next runs. 0: nobody's are."""

    review_limit: int = Field(default=200, ge=0)
    """Attempts a course that may be looked up one by one in a run, when nothing else tells whose they are."""

    note_visibility: Literal["course", "site"] = "course"
    """Where a new note about an issued document is put: into the course it was earned in, or for the whole site. Those
    that stand already stay where they are. Moodle shows notes to teachers, never to learners."""
