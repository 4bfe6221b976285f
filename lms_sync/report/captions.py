"""The Russian words of records and reports: one catalogue for every caption and every value of a closed list.

Owns the wording only. The terms are those of the field; the English names are in `lms_sync.records`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from lms_sync.records import AttemptState, AttestationKind, ControlForm, EnrolmentStatus, ProgrammeKind

FIELDS = {
    "number": "№ п/п",
    "full_name": "Фамилия, имя, отчество",
    "learner": "Код обучающегося",
    "idnumber": "Индивидуальный номер",
    "groups": "Группа",
    "enrolment_status": "Состояние зачисления",
    "course": "Код курса",
    "course_title": "Курс",
    "grade_item": "Код элемента оценивания",
    "item_title": "Элемент оценивания",
    "attestation_kind": "Вид аттестации",
    "control_form": "Форма контроля",
    "raw": "Балл",
    "minimum": "Минимум",
    "maximum": "Максимум",
    "word": "Отметка в СДО",
    "mark": "Оценка цифрой",
    "mark_text": "Оценка",
    "passed": "Сдано",
    "scale": "Шкала",
    "status": "Состояние в СДО",
    "hidden": "Скрыта",
    "locked": "Закрыта",
    "overridden": "Исправлена вручную",
    "submitted_at": "Сдано на проверку",
    "graded_at": "Оценено",
}

PROGRAMME_KINDS = {
    ProgrammeKind.ADVANCED_TRAINING: "повышение квалификации",
    ProgrammeKind.RETRAINING: "профессиональная переподготовка",
    ProgrammeKind.VOCATIONAL: "профессиональное обучение",
    ProgrammeKind.SECONDARY_VOCATIONAL: "среднее профессиональное образование",
    ProgrammeKind.GENERAL: "дополнительная общеразвивающая программа",
    ProgrammeKind.OTHER: "иная",
}
ATTESTATION_KINDS = {
    AttestationKind.CURRENT: "текущая",
    AttestationKind.MILESTONE: "рубежная",
    AttestationKind.INTERMEDIATE: "промежуточная",
    AttestationKind.FINAL: "итоговая",
    AttestationKind.TOTAL: "итог по курсу",
}
CONTROL_FORMS = {
    ControlForm.EXAM: "экзамен",
    ControlForm.CREDIT: "зачёт",
    ControlForm.GRADED_CREDIT: "зачёт с оценкой",
    ControlForm.TEST: "тест",
    ControlForm.COURSEWORK: "курсовая работа (проект)",
    ControlForm.PRACTICE: "практика",
    ControlForm.ASSIGNMENT: "задание",
    ControlForm.OTHER: "иная",
}
ENROLMENT_STATUSES = {EnrolmentStatus.ACTIVE: "обучается", EnrolmentStatus.SUSPENDED: "приостановлено"}
ATTEMPT_STATES = {
    AttemptState.NOT_STARTED: "не начата",
    AttemptState.IN_PROGRESS: "идёт",
    AttemptState.OVERDUE: "просрочена",
    AttemptState.SUBMITTED: "сдана, не проверена",
    AttemptState.FINISHED: "завершена",
    AttemptState.ABANDONED: "не сдана",
}
# By type, for members of different lists may be equal as text.
_LISTS: dict[type[StrEnum], Mapping[Any, str]] = {
    ProgrammeKind: PROGRAMME_KINDS,
    AttestationKind: ATTESTATION_KINDS,
    ControlForm: CONTROL_FORMS,
    EnrolmentStatus: ENROLMENT_STATUSES,
    AttemptState: ATTEMPT_STATES,
}

GRADEBOOK = "Электронный журнал"
GRADE_LIST = "Отчёт по оценкам"
NO_NAME = "(имя не прочитано)"
ERASED = "(персональные данные удалены)"
LEFT = "снят с курса"


def caption(field: str) -> str:
    """The caption of a field; the field's own name where the catalogue has none."""
    return FIELDS.get(field, field)


def value_caption(value: StrEnum) -> str:
    """The Russian word for a value of a closed list."""
    return _LISTS[type(value)][value]
