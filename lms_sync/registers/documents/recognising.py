"""Results of other organisations: the application to recognise one, and what the commission decided (F9, F10).

An application is for a grade item, or for the whole course. Final attestation is never recognised: a learner sits it
here (S1 2.5 names subjects, courses, modules, practice and programmes). One result stands for an item once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import Connection

from lms_sync.errors import RegisterError
from lms_sync.records import AttestationKind, Recognition, RecognitionState
from lms_sync.records.documents import NEXT_RECOGNITION_STATES, recognition_uid
from lms_sync.store.documents import course_of, person, recognitions, record_count
from lms_sync.store.recognitions import erased_applications, is_known, item_of, studied_in
from lms_sync.store.register import RegisterWriter, registering
from lms_sync.store.store import Store


@dataclass(frozen=True)
class Application:
    """What a learner asks to have recognised. `grade_item` empty: the whole course. Days are of the site's calendar.

    Raises RegisterError where a name is empty.
    """

    learner: str
    course: str
    subject: str  # as the other organisation's document calls it
    source_organisation: str
    source_document: str
    date: dt.date
    number: str = ""
    grade_item: str = ""
    hours: int | None = None
    mark_text: str = ""
    source_number: str = ""
    source_date: dt.date | None = None

    def __post_init__(self) -> None:
        names = {"subject": self.subject, "organisation": self.source_organisation, "document": self.source_document}
        if empty := [name for name, text in names.items() if not text.strip()]:
            raise RegisterError(f"An application names the other organisation's {empty[0]}: give --{empty[0]}.")


@dataclass(frozen=True)
class Decision:
    """What the commission decided: minutes, and the reason of a refusal."""

    recognised: bool
    minutes_number: str
    minutes_date: dt.date
    reason: str = ""

    def __post_init__(self) -> None:
        if not self.minutes_number.strip():
            raise RegisterError("A decision stands in minutes: give their number with --minutes-number.")
        if not self.recognised and not self.reason.strip():
            raise RegisterError("A refusal needs a reason: give one with --reason.")


def apply(store: Store, source: str, application: Application, today: dt.date, actor: str) -> Recognition:
    """Registers an application. Raises RegisterError for what cannot be recognised; see `_refuse_impossible`."""
    with registering(store, source, actor) as writer:
        scope = _scope_for(writer.connection, source, application)
        record = Recognition(
            uid=recognition_uid(record_count(writer.connection, source, Recognition.kind) + 1),
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
        _refuse_impossible(writer.connection, source, record)
        _refuse_disorder(record, today)
        writer.freeze([record], scope)
        return record


def decide(
    store: Store, source: str, uids: Sequence[str], decision: Decision, today: dt.date, actor: str
) -> list[Recognition]:
    """Records the decision of one meeting on these applications: on all of them or, when one is refused, on none.

    Raises RegisterError for an application that is unknown, erased or was decided, and for what cannot be recognised.
    """
    with registering(store, source, actor) as writer:
        return [_decide(writer, uid, decision, today) for uid in dict.fromkeys(uids)]


def annul(store: Store, source: str, uid: str, reason: str, actor: str) -> Recognition:
    """Withdraws an application, or takes its decision out of force. Raises RegisterError when there is nothing to."""
    if not reason.strip():
        raise RegisterError("An application is annulled for a reason: give one with --reason.")
    with registering(store, source, actor) as writer:
        return _become(writer, _must_find(writer, uid), RecognitionState.ANNULLED, reason=reason)


def _decide(writer: RegisterWriter, uid: str, decision: Decision, today: dt.date) -> Recognition:
    applied = _must_find(writer, uid)
    if applied.state is not RecognitionState.APPLIED:
        raise RegisterError(f"Application {uid} was decided before: it is {applied.state.value}.")
    if decision.recognised:
        _refuse_impossible(writer.connection, writer.source, applied)
    state = RecognitionState.RECOGNISED if decision.recognised else RecognitionState.REFUSED
    minutes = {"minutes_number": decision.minutes_number.strip(), "minutes_date": decision.minutes_date}
    _refuse_disorder(applied.model_copy(update=minutes), today)
    return _become(writer, applied, state, reason=decision.reason, **minutes)


def _become(writer: RegisterWriter, record: Recognition, state: RecognitionState, **values: object) -> Recognition:
    if state not in NEXT_RECOGNITION_STATES[record.state]:
        raise RegisterError(f"Application {record.uid} is {record.state.value} and cannot become {state.value}.")
    changed = record.model_copy(update={"state": state, **values})
    writer.put([changed], "", changed.reason)
    return changed


def _must_find(writer: RegisterWriter, uid: str) -> Recognition:
    found = recognitions(writer.connection, writer.source, uid=uid)
    if found:
        return found[0]
    if uid in erased_applications(writer.connection, writer.source):
        raise RegisterError(f"The personal data of application {uid} was erased: it stays as it is.")
    raise RegisterError(f"There is no application {uid} of {writer.source}: see `lms-sync recognition list`.")


# --- what is refused --------------------------------------------------------------------------------------------------


def _scope_for(connection: Connection, source: str, application: Application) -> str:
    """The scope that records of the course are kept under. Raises RegisterError for an unknown learner or course."""
    learner, course = application.learner, application.course
    if person(connection, source, learner) is None:
        if is_known(connection, source, learner):
            raise RegisterError(f"The personal data of learner {learner} was erased: nothing more is recorded of them.")
        raise RegisterError(f"The store has no learner {learner} of {source}: check the identifier.")
    place = course_of(connection, source, course)
    if place is None:
        raise RegisterError(f"The store has no course {course} of {source}: check the identifier.")
    if not studied_in(connection, source, course, learner):
        raise RegisterError(
            f"Learner {learner} never was a learner of course {course}: enrol them in the LMS, pull, and apply then."
        )
    return place[1]


def _refuse_impossible(connection: Connection, source: str, record: Recognition) -> None:
    """Raises RegisterError for an item of another course, a final or a total, and for what was recognised before."""
    if record.grade_item:
        _refuse_item(connection, source, record.course, record.grade_item)
    for other in recognitions(connection, source, learner=record.learner):
        same = other.course == record.course and (
            other.grade_item == record.grade_item or "" in (other.grade_item, record.grade_item)
        )
        if same and other.state is RecognitionState.RECOGNISED:
            what = f"grade item {record.grade_item}" if record.grade_item else f"course {record.course}"
            raise RegisterError(
                f"For {what} application {other.uid} was recognised before: "
                f"annul that one first, with `lms-sync recognition annul {other.uid}`."
            )


def _refuse_item(connection: Connection, source: str, course: str, key: str) -> None:
    item = item_of(connection, source, key)
    if item is None or item.course != course:
        raise RegisterError(
            f"Course {course} has no grade item {key}: `lms-sync report grades --form list` shows its items."
        )
    if item.attestation_kind is AttestationKind.FINAL:
        raise RegisterError(
            f"Grade item {key} is a final attestation, which everybody sits here: what can be recognised are subjects, "
            "courses, modules, practice and programmes; name another item."
        )
    if item.attestation_kind is AttestationKind.TOTAL:
        raise RegisterError(
            f"Grade item {key} is a total of others: name one of the items it adds up, or none for the whole course."
        )


def _refuse_disorder(record: Recognition, today: dt.date) -> None:
    """Raises RegisterError unless the other document, the application and the minutes follow each other until today."""
    days = {
        "the other organisation's document": record.source_date,
        "the application": record.application_date,
        "the minutes": record.minutes_date,
    }
    known = [(name, day) for name, day in days.items() if day is not None]
    for (name, day), (next_name, next_day) in pairwise(known):
        if next_day < day:
            raise RegisterError(
                f"The dates are not in order: {next_name} of {next_day} would be before {name} of {day}."
            )
    if known and known[-1][1] > today:
        raise RegisterError(f"The date of {known[-1][0]}, {known[-1][1]}, is still to come.")
