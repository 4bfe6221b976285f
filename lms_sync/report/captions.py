"""The Russian words of records and reports: one catalogue for every caption and every value of a closed list.

Owns the wording only. The terms are those of the field; the English names are in `lms_sync.records`. A field whose
name means something else in one subject stands under `subject.field`. The titles and notes of the reports on studies
are in `phrases`, those of the reports on the journal in `captions_journal`, those of documents in `captions_documents`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from lms_sync.records import (
    AttemptState,
    AttestationKind,
    ClosingPolicy,
    ControlForm,
    CountingMethod,
    DocumentBasis,
    DocumentOrigin,
    DocumentStatus,
    DriftField,
    DriftState,
    EnrolmentStatus,
    GradeSource,
    ProgrammeKind,
    ProtocolState,
    PushState,
    RecognitionState,
    ResultOutcome,
    Rung,
)
from lms_sync.report.captions_documents import (
    DOCUMENT_BASES,
    DOCUMENT_FIELDS,
    DOCUMENT_ORIGINS,
    DOCUMENT_STATUSES,
    PUSH_STATES,
    RECOGNITION_STATES,
)
from lms_sync.report.captions_journal import JOURNAL_FIELDS
from lms_sync.report.captions_study import OFFICIAL_FIELDS, STUDY_FIELDS

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
    "protocol": "Протокол",
    "state": "Состояние",
    "held": "Дата проведения",
    "closed_at": "Закрыт",
    "title": "Аттестационное испытание",
    "group_name": "Учебная группа",
    "listed": "Всего в протоколе",
    "took_part": "Участвовало",
    "failed": "Не сдано",
    "absent": "Не явились",
    "not_admitted": "Не допущены",
    "not_completed": "Не аттестованы",
    "withdrawn": "Результат аннулирован",
    "waiting_count": "Ожидается",
    "missing_count": "Нет результата",
    "drift_count": "Расхождений",
    "hours": "Часов",
    "birth_date": "Дата рождения",
    "attempt_number": "Попытка",
    "started_at": "Начало",
    "finished_at": "Окончание",
    "duration": "Длительность, с",
    "points": "Баллы за тест",
    "points_maximum": "Баллов всего",
    "grade": "Балл",
    "grade_maximum": "Из",
    "percent": "Процент",
    "grade_words": "Балл",
    "mark_words": "Оценка",
    "outcome": "Итог",
    "scale_version": "Версия шкалы",
    "payload_digest": "Дайджест записи",
    "programme_kind": "Вид программы",
    "result": "Запись результата",
    "field": "Что расходится",
    "frozen": "Записано",
    "current": "В СДО сейчас",
    "lms_changed_at": "Изменено в СДО",
    "reason": "Основание",
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
RESULT_OUTCOMES = {
    ResultOutcome.GRADED: "участвовал",
    ResultOutcome.ABSENT: "не явился",
    ResultOutcome.NOT_COMPLETED: "не аттестован",
    ResultOutcome.NOT_ADMITTED: "не допущен",
    ResultOutcome.WITHDRAWN: "результат аннулирован",
}
_SHORT_OUTCOMES = {
    ResultOutcome.ABSENT: "н/я",
    ResultOutcome.NOT_COMPLETED: "н/а",
    ResultOutcome.NOT_ADMITTED: "н/д",
    ResultOutcome.WITHDRAWN: "аннул.",
}
GRADE_SOURCES = {
    GradeSource.ATTEMPT: "попытка",
    GradeSource.GRADEBOOK: "журнал оценок СДО",
}
PROTOCOL_STATES = {
    ProtocolState.OPEN: "открыт",
    ProtocolState.CLOSED: "закрыт",
    ProtocolState.AMENDED: "исправлен",
    ProtocolState.ANNULLED: "аннулирован",
}
CLOSING_POLICIES = {
    ClosingPolicy.PER_DAY: "по дням",
    ClosingPolicy.ON_QUIZ_CLOSE: "по закрытии теста",
    ClosingPolicy.MANUAL: "вручную",
}
COUNTING_METHODS = {
    CountingMethod.HIGHEST: "лучшая попытка",
    CountingMethod.AVERAGE: "средняя оценка",
    CountingMethod.FIRST: "первая попытка",
    CountingMethod.LAST: "последняя попытка",
}
DRIFT_FIELDS = {
    DriftField.GRADE: "оценка попытки",
    DriftField.GRADEBOOK: "оценка в журнале СДО",
    DriftField.ATTEMPT: "попытка",
    DriftField.NAME: "фамилия, имя, отчество",
    DriftField.BIRTH_DATE: "дата рождения",
    DriftField.IDNUMBER: "индивидуальный номер",
}
DRIFT_STATES = {
    DriftState.OPEN: "не рассмотрено",
    DriftState.AMENDED: "внесено в протокол",
    DriftState.KEPT: "результат оставлен",
    DriftState.SETTLED: "расхождения больше нет",
}
RUNGS = {Rung.LOG: "журнал СДО", Rung.DERIVED: "выведено из записей"}
# By type, for members of different lists may be equal as text.
_LISTS: dict[type[StrEnum], Mapping[Any, str]] = {
    ProgrammeKind: PROGRAMME_KINDS,
    AttestationKind: ATTESTATION_KINDS,
    ControlForm: CONTROL_FORMS,
    EnrolmentStatus: ENROLMENT_STATUSES,
    AttemptState: ATTEMPT_STATES,
    ResultOutcome: RESULT_OUTCOMES,
    GradeSource: GRADE_SOURCES,
    ProtocolState: PROTOCOL_STATES,
    ClosingPolicy: CLOSING_POLICIES,
    CountingMethod: COUNTING_METHODS,
    DriftField: DRIFT_FIELDS,
    DriftState: DRIFT_STATES,
    DocumentStatus: DOCUMENT_STATUSES,
    DocumentBasis: DOCUMENT_BASES,
    DocumentOrigin: DOCUMENT_ORIGINS,
    RecognitionState: RECOGNITION_STATES,
    PushState: PUSH_STATES,
    Rung: RUNGS,
}

PROTOCOL_TITLES = {
    AttestationKind.FINAL: "Протокол итоговой аттестации",
    AttestationKind.INTERMEDIATE: "Протокол промежуточной аттестации",
    AttestationKind.MILESTONE: "Протокол рубежной аттестации",
}
PROTOCOL_WORDS = {
    "list": "Протоколы аттестации",
    "drifts": "Расхождения с СДО",
    "open": "не закрыт",
    "hours": "ч",
    "waiting": "Ожидается",
    "missing": "Нет результата",
    "drift": "Расхождение с СДО",
    "revision": "Редакция",
    "commission": "Аттестационная комиссия",
    "chair": "Председатель",
    "member": "Член комиссии",
    "secretary": "Секретарь",
    "waiting_learner": "попытка не сдана",
    "waiting_marking": "не проверено",
    "waiting_name": "имя не прочитано",
    "waiting_scale": "нет подходящей шкалы",
}

GRADEBOOK = "Электронный журнал"
GRADE_LIST = "Отчёт по оценкам"
NO_NAME = "(имя не прочитано)"
ERASED = "(персональные данные удалены)"
LEFT = "снят с курса"


_SUBJECTS = {"study": STUDY_FIELDS, "journal": JOURNAL_FIELDS, "document": DOCUMENT_FIELDS}
_FIELDS = (
    OFFICIAL_FIELDS
    | FIELDS
    | {f"{subject}.{field}": words for subject, fields in _SUBJECTS.items() for field, words in fields.items()}
)


def protocol_title(kind: AttestationKind) -> str:
    """What a protocol of this kind of attestation is called."""
    return PROTOCOL_TITLES.get(kind, "Протокол аттестации")


def caption(field: str) -> str:
    """The caption of a field, `listed` or `study.listed`; the field's own name where the catalogue has none.

    Of a field named with its subject the subject's own caption is given if there is one, else the general.
    """
    own = field.rpartition(".")[2]
    return _FIELDS.get(field) or _FIELDS.get(own, own)


def value_caption(value: StrEnum) -> str:
    """The Russian word for a value of a closed list."""
    return _LISTS[type(value)][value]


def short_caption(outcome: ResultOutcome) -> str:
    """What a sheet writes in the place of a mark: н/я, н/а, н/д; nothing for who took part."""
    return _SHORT_OUTCOMES.get(outcome, "")
