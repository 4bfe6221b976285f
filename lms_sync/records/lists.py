"""The closed lists of values that records use. Russian captions live in `lms_sync/report/captions.py`."""

from __future__ import annotations

from enum import StrEnum


class ProgrammeKind(StrEnum):
    """Kinds of programme: 273-ФЗ art. 73, 75, 76; the regulations of the academies name the same."""

    ADVANCED_TRAINING = "advanced_training"  # повышение квалификации
    RETRAINING = "retraining"  # профессиональная переподготовка
    VOCATIONAL = "vocational"  # профессиональное обучение
    SECONDARY_VOCATIONAL = "secondary_vocational"  # среднее профессиональное образование
    GENERAL = "general"  # дополнительная общеразвивающая
    OTHER = "other"


class AttestationKind(StrEnum):
    """Kinds of attestation: S0 2.5.3, S1 2.2, S3 3.2."""

    CURRENT = "current"  # текущая
    MILESTONE = "milestone"  # рубежная
    INTERMEDIATE = "intermediate"  # промежуточная
    FINAL = "final"  # итоговая
    TOTAL = "total"  # итог по курсу: an aggregate, not an attestation


class ControlForm(StrEnum):
    """Forms of control: S0 2.5.3."""

    EXAM = "exam"  # экзамен
    CREDIT = "credit"  # зачёт
    GRADED_CREDIT = "graded_credit"  # зачёт с оценкой
    TEST = "test"  # тест
    COURSEWORK = "coursework"  # курсовая работа (проект)
    PRACTICE = "practice"  # практика, защита отчёта
    ASSIGNMENT = "assignment"  # практическая работа, задание
    OTHER = "other"


class EnrolmentStatus(StrEnum):
    """Whether a learner takes part in a course now."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class AttemptState(StrEnum):
    """Where an attempt at a test stands (Moodle `quiz_attempts.state`)."""

    NOT_STARTED = "notstarted"
    IN_PROGRESS = "inprogress"
    OVERDUE = "overdue"
    SUBMITTED = "submitted"
    FINISHED = "finished"
    ABANDONED = "abandoned"


class CountingMethod(StrEnum):
    """Which attempt gives the grade."""

    HIGHEST = "highest"
    AVERAGE = "average"
    FIRST = "first"
    LAST = "last"


class ResultOutcome(StrEnum):
    """What became of a learner at a final attestation."""

    GRADED = "graded"  # took part, fully marked
    ABSENT = "absent"  # не явился: enrolled, and no attempt or grade
    NOT_COMPLETED = "not_completed"  # не аттестован: began and never handed in
    NOT_ADMITTED = "not_admitted"  # не допущен: the enrolment is suspended
    WITHDRAWN = "withdrawn"  # результат аннулирован: the LMS no longer has the attempt, and an amendment said so


class GradeSource(StrEnum):
    """Where the grade of a result comes from."""

    ATTEMPT = "attempt"  # the test's attempts
    GRADEBOOK = "gradebook"  # the gradebook: a final without attempts, or an amendment by a grade written over it


class ProtocolState(StrEnum):
    """Where a protocol stands. An open one has no number yet and is no record: it is what waits to be closed."""

    OPEN = "open"
    CLOSED = "closed"
    AMENDED = "amended"
    ANNULLED = "annulled"

    @property
    def in_force(self) -> bool:
        """Whether a protocol in this state holds: its results stand in it."""
        return self in (ProtocolState.CLOSED, ProtocolState.AMENDED)


class ClosingPolicy(StrEnum):
    """When results are gathered into a protocol."""

    PER_DAY = "per-day"  # one for each day with attempts, by itself when the day is over
    ON_QUIZ_CLOSE = "on-quiz-close"  # one, by itself after the test's closing time
    MANUAL = "manual"  # when the operator says so


class DriftField(StrEnum):
    """What differs between the LMS and a frozen result."""

    GRADE = "grade"  # points or grade of the attempt: a regrade
    GRADEBOOK = "gradebook"  # a grade written over the attempt's in the gradebook
    ATTEMPT = "attempt"  # the attempt or grade is gone, or no longer finished
    NAME = "name"
    BIRTH_DATE = "birth_date"
    IDNUMBER = "idnumber"


class DriftState(StrEnum):
    """What became of a drift."""

    OPEN = "open"  # nobody has decided
    AMENDED = "amended"  # the result was brought up to the LMS
    KEPT = "kept"  # the result stands, with a reason
    SETTLED = "settled"  # the LMS says again what the result says


class DocumentStatus(StrEnum):
    """Where an issued document stands. A spoiled blank is no document: see `SpoiledBlank`."""

    DRAFT = "draft"  # drawn up, no number yet
    ISSUED = "issued"  # numbered and registered
    HANDED_OVER = "handed_over"  # received by its holder or whoever may receive it
    ANNULLED = "annulled"  # out of force; of a draft: withdrawn
    LOST = "lost"
    REPLACED = "replaced"  # a duplicate was issued instead

    @property
    def in_force(self) -> bool:
        """Whether somebody holds, or may demand, such a document."""
        return self in (DocumentStatus.ISSUED, DocumentStatus.HANDED_OVER)


class DocumentBasis(StrEnum):
    """What a document rests on: 273-ФЗ art. 60 parts 10 and 12, S0 2.9.2."""

    PASSED = "passed"  # a passed line of a closed protocol
    NOT_PASSED = "not_passed"  # there is no such line: did not sit, failed, left before
    NONE = "none"  # neither is asked for


class DocumentOrigin(StrEnum):
    """How a document came into the register."""

    DRAFTED = "drafted"  # numbered by the register
    IMPORTED = "imported"  # taken over with the number it already had


class RecognitionState(StrEnum):
    """Where an application to recognise a result of another organisation stands (S1 2.5, 3.1)."""

    APPLIED = "applied"
    RECOGNISED = "recognised"
    REFUSED = "refused"
    ANNULLED = "annulled"  # withdrawn before it was decided, or the decision is out of force


class PushState(StrEnum):
    """What is known of a document's way into the LMS."""

    PENDING = "pending"
    SENT = "sent"
    CONFIRMED = "confirmed"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
