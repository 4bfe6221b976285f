"""Source records with every field that the Moodle connector gives, changed by keyword."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from lms_sync.connector import SourceRecord
from lms_sync.mapping.apply import Mapped, Mapping, Rejection
from lms_sync.records import Attempt, Course, GradeEntry, GradeItem, Learner, Record

Overlay = Callable[..., Mapping]
MOMENT = 1_790_135_919  # 2026-09-23T03:58:39Z


def person(**changes: Any) -> SourceRecord:
    fields = {
        "id": 3,
        "firstname": "Иван",
        "lastname": "Иванов",
        "middlename": "",
        "fullname": "Иван Иванов",
        "email": "ivan@example.com",
        "idnumber": "ЛД-1000",
        "institution": "ООО «Ромашка & Ко»",
        "department": "Группа 1",
        "city": "Иркутск",
        "country": "RU",
        "profile": {},
    }
    return SourceRecord("person", "3", fields | changes)


def course(**changes: Any) -> SourceRecord:
    fields = {
        "id": 2,
        "fullname": "Охрана труда",
        "shortname": "OT",
        "idnumber": "",
        "category_path": [],
        "visible": True,
        "startdate": MOMENT,
        "enddate": 0,
    }
    return SourceRecord("course", "2", fields | changes)


def enrolment(**changes: Any) -> SourceRecord:
    fields = {"courseid": 2, "userid": 3, "suspended": False, "is_learner": True, "roles": [], "groups": []}
    return SourceRecord("enrolment", "2/3", fields | changes)


def quiz(**changes: Any) -> SourceRecord:
    fields = {
        "id": 7,
        "course": 2,
        "name": "Итоговая аттестация",
        "timeopen": 0,
        "timeclose": 0,
        "timelimit": 0,
        "attempts": 0,
        "grademethod": 1,
        "sumgrades": Decimal(10),
        "grade": Decimal(100),
    }
    return SourceRecord("quiz", "7", fields | changes)


def attempt(**changes: Any) -> SourceRecord:
    fields = {
        "id": 11,
        "quiz": 7,
        "course": 2,
        "userid": 3,
        "attempt": 1,
        "state": "finished",
        "timestart": MOMENT,
        "timefinish": MOMENT + 60,
        "sumgrades": Decimal(2),
        "quiz_sumgrades": Decimal(3),
        "quiz_grade": Decimal(100),
    }
    return SourceRecord("attempt", "11", fields | changes)


def grade_item(**changes: Any) -> SourceRecord:
    fields = {
        "id": 4,
        "courseid": 2,
        "itemname": "Тест по модулю 1",
        "itemtype": "mod",
        "itemmodule": "quiz",
        "iteminstance": 7,
        "idnumber": "",
        "position": 1,
        "grademin": Decimal(0),
        "grademax": Decimal(100),
        "gradepass": None,
        "is_scale": False,
        "scale_lowest": "",
        "scale_highest": "",
        "course_idnumber": "PK-OT-72",
        "course_category_path": ["Повышение квалификации"],
    }
    return SourceRecord("grade_item", "4", fields | changes)


def scale_item(lowest: str, highest: str, count: int, **changes: Any) -> SourceRecord:
    ends = {"scale_lowest": lowest, "scale_highest": highest}
    return grade_item(is_scale=True, grademin=Decimal(1), grademax=Decimal(count), **ends, **changes)


def grade(item: SourceRecord | None = None, **changes: Any) -> SourceRecord:
    item = item or grade_item()
    fields = {
        "itemid": 4,
        "userid": 3,
        "courseid": 2,
        "graderaw": None,
        "grademin": item.fields["grademin"],
        "grademax": item.fields["grademax"],
        "word": "",
        "status": "",
        "hidden": False,
        "locked": False,
        "overridden": False,
        "gradedatesubmitted": None,
        "gradedategraded": MOMENT,
        "pass_icon": None,
        "usermodified": None,
        "item": item.fields,
    }
    return SourceRecord("grade", "4/3", fields | changes)


SAMPLES = [person(), course(), enrolment(), quiz(), attempt(), grade_item(), grade(graderaw=Decimal(60))]
FIELDS_OF = {sample.kind: sorted(sample.fields) for sample in SAMPLES}


def mapped(mapping: Mapping, source: SourceRecord) -> Mapped:
    outcome = mapping.apply(source)
    assert isinstance(outcome, Mapped), outcome
    return outcome


def rejected(mapping: Mapping, source: SourceRecord) -> Rejection:
    outcome = mapping.apply(source)
    assert isinstance(outcome, Rejection), outcome
    return outcome


def _record(mapping: Mapping, source: SourceRecord) -> Record:
    return mapped(mapping, source).record


def learner_of(mapping: Mapping, **changes: Any) -> Learner:
    record = _record(mapping, person(**changes))
    assert isinstance(record, Learner)
    return record


def course_of(mapping: Mapping, **changes: Any) -> Course:
    record = _record(mapping, course(**changes))
    assert isinstance(record, Course)
    return record


def item_of(mapping: Mapping, **changes: Any) -> GradeItem:
    record = _record(mapping, grade_item(**changes))
    assert isinstance(record, GradeItem)
    return record


def entry_of(mapping: Mapping, source: SourceRecord) -> GradeEntry:
    record = _record(mapping, source)
    assert isinstance(record, GradeEntry)
    return record


def attempt_of(mapping: Mapping, **changes: Any) -> Attempt:
    record = _record(mapping, attempt(**changes))
    assert isinstance(record, Attempt)
    return record


def warning_codes(mapping: Mapping, source: SourceRecord) -> list[tuple[str, str]]:
    return [(warning.field, warning.code) for warning in mapped(mapping, source).warnings]
