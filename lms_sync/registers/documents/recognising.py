"""Results of other organisations: the application to recognise one, and what the commission decided (F9, F10)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lms_sync.errors import RegisterError
from lms_sync.records import Recognition, RecognitionState
from lms_sync.store.documents import course_of, person, recognitions, record_count
from lms_sync.store.register import registering
from lms_sync.store.store import Store


@dataclass(frozen=True)
class Application:
    """What a learner asks to have recognised. `grade_item` empty: the whole course."""

    learner: str
    course: str
    subject: str
    source_organisation: str
    source_document: str
    grade_item: str = ""
    hours: int | None = None
    mark_text: str = ""
    source_number: str = ""
    source_date: dt.date | None = None
    number: str = ""
    date: dt.date | None = None


@dataclass(frozen=True)
class Decision:
    """What the commission decided: minutes, and the reason of a refusal."""

    recognised: bool
    minutes_number: str
    minutes_date: dt.date
    reason: str = ""

    def __post_init__(self) -> None:
        if not self.recognised and not self.reason.strip():
            raise RegisterError("A refusal needs a reason: give one with --reason.")


def apply(store: Store, source: str, application: Application, actor: str) -> Recognition:
    """Registers an application. Raises RegisterError for an unknown learner or course."""
    with registering(store, source, actor) as writer:
        if person(writer.connection, source, application.learner) is None:
            raise RegisterError(f"The store has no learner {application.learner} of {source}: check the identifier.")
        place = course_of(writer.connection, source, application.course)
        if place is None:
            raise RegisterError(f"The store has no course {application.course} of {source}: check the identifier.")
        record = Recognition(
            uid=f"z{record_count(writer.connection, source, Recognition.kind) + 1:04}",
            state=RecognitionState.APPLIED,
            learner=application.learner,
            course=application.course,
            grade_item=application.grade_item,
            subject=application.subject,
            hours=application.hours,
            mark_text=application.mark_text,
            source_organisation=application.source_organisation,
            source_document=application.source_document,
            source_number=application.source_number,
            source_date=application.source_date,
            application_number=application.number,
            application_date=application.date,
        )
        writer.freeze([record], place[1])
        return record


def decide(store: Store, source: str, uid: str, decision: Decision, actor: str) -> Recognition:
    """Records a decision. Raises RegisterError for an unknown application, or one that was decided."""
    with registering(store, source, actor) as writer:
        found = recognitions(writer.connection, source, uid=uid)
        if not found:
            raise RegisterError(f"There is no application {uid} of {source}.")
        if found[0].state is not RecognitionState.APPLIED:
            raise RegisterError(f"Application {uid} was decided before: it is {found[0].state.value}.")
        decided = found[0].model_copy(
            update={
                "state": RecognitionState.RECOGNISED if decision.recognised else RecognitionState.REFUSED,
                "minutes_number": decision.minutes_number,
                "minutes_date": decision.minutes_date,
                "reason": decision.reason,
            }
        )
        writer.put([decided], "", decision.reason)
        return decided
