"""A course's gradebook as it was known at an instant, out of the ledger.

Owns putting the versions of that instant together in the shape that today's gradebook has. Must not know SQL.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from lms_sync.records import Course, Enrolment, GradeEntry, GradeItem, Learner
from lms_sync.store.history import as_of
from lms_sync.store.query import CourseSummary, Gradebook, GradebookCell, GradebookColumn, GradebookLine
from lms_sync.store.rows import Version
from lms_sync.store.store import Store


def gradebook_as_of(
    store: Store, source: str, course: str, instant: dt.datetime, *, include_retired: bool = False
) -> Gradebook:
    """The gradebook that `lms_sync.store.query.gradebook` would have given at the instant (aware).

    A learner whose data was erased since is shown as erased.
    """

    def known(kind: str, **filters: str) -> list[Version]:
        return as_of(store, kind, instant, source=source, include_retired=include_retired, **filters)

    people = {
        version.key: version for version in as_of(store, Learner.kind, instant, source=source, include_retired=True)
    }
    lines = [_line(version, people) for version in known(Enrolment.kind, course=course) if _is_learner(version)]
    shown = {line.key for line in lines}
    cells = [_cell(version) for version in known(GradeEntry.kind, course=course) if version.payload]
    return Gradebook(
        source=source,
        course=next((_course(version) for version in known(Course.kind, key=course) if version.payload), None),
        columns=[_column(version) for version in known(GradeItem.kind, course=course) if version.payload],
        lines=lines,
        cells={(cell.learner, cell.grade_item): cell for cell in cells if cell.learner in shown},
    )


def _is_learner(version: Version) -> bool:
    return bool(version.payload and version.payload["is_learner"])


def _line(version: Version, people: Mapping[str, Version]) -> GradebookLine:
    enrolment = version.record()
    assert isinstance(enrolment, Enrolment)
    person = people.get(enrolment.learner)
    learner = person.record() if person else None
    return GradebookLine(
        key=enrolment.learner,
        last_name=getattr(learner, "last_name", ""),
        first_name=getattr(learner, "first_name", ""),
        middle_name=getattr(learner, "middle_name", ""),
        idnumber=getattr(learner, "idnumber", ""),
        status=enrolment.status.value,
        groups=tuple(enrolment.groups),
        retired_at=_retired_at(version),
        erased=person is not None and person.payload is None,
    )


def _course(version: Version) -> CourseSummary:
    return CourseSummary(source=version.source, **_values(version, CourseSummary, without={"source"}))


def _column(version: Version) -> GradebookColumn:
    return GradebookColumn(**_values(version, GradebookColumn))


def _cell(version: Version) -> GradebookCell:
    return GradebookCell(**_values(version, GradebookCell))


def _values(version: Version, shape: type[Any], without: Iterable[str] = ()) -> dict[str, Any]:
    """The record's values for the fields that the shape shares with it, and its bookkeeping."""
    record = version.record()
    around = {"key": version.key, "retired_at": _retired_at(version)}
    names = {field.name for field in fields(shape)} - set(without)
    return {name: around[name] if name in around else getattr(record, name) for name in names}


def _retired_at(version: Version) -> dt.datetime | None:
    return version.observed_at if version.retired else None
