"""A small academy put straight into a store: one course, its people, tests and grades, and the passes of the registers.

What a stream would bring is put as records; `pass_over` is what a pull ends with. Nothing of an LMS takes part.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, func, select

from lms_sync.connector import Outcome
from lms_sync.errors import RegisterError
from lms_sync.mapping.apply import Mapping
from lms_sync.records import (
    Assessment,
    Attempt,
    AttemptState,
    AttestationKind,
    AttestationResult,
    ControlForm,
    Course,
    Drift,
    DriftState,
    Enrolment,
    EnrolmentStatus,
    GradeEntry,
    GradeItem,
    Learner,
    ProgrammeKind,
    Protocol,
    Record,
    ResultOutcome,
)
from lms_sync.registers import amending, closing
from lms_sync.registers.after_pull import RegisterSummary, record_results
from lms_sync.registers.document import ProtocolDocument, protocol_documents, sitting_document
from lms_sync.registers.final import Final, look_at
from lms_sync.registers.sittings import Sitting, SittingId
from lms_sync.store.attestation import drifts, protocols
from lms_sync.store.history import history
from lms_sync.store.store import Store
from lms_sync.store.tables import ledger
from lms_sync.store.verify import verify

SOURCE = "academy"
COURSE, SCOPE = "5", "course/5"
STREAMS = ("people", "grades", "attempts")
MONDAY = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
"""Noon in Moscow, where the academy is."""
FIRST, SECOND = "2026/001", "2026/002"
"""The numbers of the first protocols."""

COURSE_RECORD = Course(
    external_id=COURSE,
    title="Охрана труда",
    short_name="ОТ",
    programme_kind=ProgrammeKind.ADVANCED_TRAINING,
    hours=72,
)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = MONDAY

    def __call__(self) -> dt.datetime:
        return self.now

    def to(self, **step: float) -> dt.datetime:
        """Moves it on to so long after Monday noon."""
        self.now = after(**step)
        return self.now


def after(**step: float) -> dt.datetime:
    """So long after Monday noon."""
    return MONDAY + dt.timedelta(**step)


class World:
    """Course 5 of an academy in a store. Grade item 7 is the final test 3: ten points, a hundred per cent."""

    def __init__(self, store: Store, clock: Clock, mapping: Mapping) -> None:
        self.store = store
        self.clock = clock
        self.mapping = mapping
        self.run = store.begin_run(SOURCE, "changes", "operator", mapping.version)
        self.put(COURSE_RECORD)

    # --- what the LMS says --------------------------------------------------------------------------------------------

    def put(self, *records: Record, scope: str = SCOPE, told_at: dt.datetime | None = None) -> None:
        """One page of records."""
        with self.store.page(self.run, "grades", scope) as page:
            page.put([(record, told_at) for record in records])

    def gone(self, kind: str, *keys: str) -> None:
        """Records that the LMS no longer has."""
        with self.store.page(self.run, "grades", SCOPE) as page:
            assert page.retire(kind, keys, "gone") == len(keys)

    def test(self, quiz: str = "3", item: str = "7", **fields: Any) -> None:
        """A final test with its column of the gradebook."""
        title = fields.pop("title", "Итоговый тест")
        self.put(
            Assessment(
                external_id=quiz,
                course=COURSE,
                title=title,
                **{"points_maximum": Decimal(10), "grade_maximum": Decimal(100), **fields},
            )
        )
        self.column(item, title=title, item_type="mod", module="quiz", instance=quiz)

    def column(self, item: str, **fields: Any) -> None:
        """A column of the gradebook; a final in points that is judged by the five marks unless told otherwise."""
        self.put(
            GradeItem(
                **{
                    "external_id": item,
                    "course": COURSE,
                    "title": "Защита",
                    "item_type": "manual",
                    "minimum": Decimal(0),
                    "maximum": Decimal(100),
                    "attestation_kind": AttestationKind.FINAL,
                    "control_form": ControlForm.TEST,
                    "scale": "hundred-point",
                    **fields,
                }
            )
        )

    def person(self, key: str, name: str = "", *, groups: Sequence[str] = (), **fields: Any) -> None:
        """A learner with a place in the course. `name` is written Фамилия Имя Отчество."""
        self.rename(key, name or f"Примеров{key} Пётр Ильич", **fields)
        self.enrol(key, groups=groups)

    def rename(self, key: str, name: str, **fields: Any) -> None:
        """The same learner under another name."""
        parts = dict(zip(("last_name", "first_name", "middle_name"), name.split(), strict=False))
        self.put(Learner(external_id=key, **parts, **fields))

    def enrol(self, key: str, *, groups: Sequence[str] = (), suspended: bool = False, learner: bool = True) -> None:
        """Somebody's place in the course."""
        status = EnrolmentStatus.SUSPENDED if suspended else EnrolmentStatus.ACTIVE
        self.put(Enrolment(course=COURSE, learner=key, status=status, is_learner=learner, groups=sorted(groups)))

    def unenrol(self, key: str) -> None:
        """Somebody leaves the course."""
        self.gone("enrolment", f"{COURSE}/{key}")

    def attempt(
        self,
        learner: str,
        points: int | str | None,
        number: int = 1,
        *,
        quiz: str = "3",
        at: dt.datetime | None = None,
        state: AttemptState = AttemptState.FINISHED,
        key: str = "",
        told_at: dt.datetime | None = None,
        **fields: Any,
    ) -> str:
        """An attempt, ten minutes long, finished at noon of Monday unless told otherwise; gives its key."""
        exact = None if points is None else Decimal(points)
        finished = at or MONDAY
        record = Attempt(
            **{
                "external_id": key or f"{quiz}{learner}{number}",
                "course": COURSE,
                "assessment": quiz,
                "learner": learner,
                "number": number,
                "state": state,
                "started_at": finished - dt.timedelta(minutes=10),
                "finished_at": finished if state in (AttemptState.FINISHED, AttemptState.SUBMITTED) else None,
                "points": exact,
                "points_maximum": Decimal(10),
                "grade": None if exact is None else exact * 10,
                "grade_maximum": Decimal(100),
                **fields,
            }
        )
        self.put(record, told_at=told_at)
        return record.key

    def entry(self, learner: str, raw: int | str | None, item: str = "7", **fields: Any) -> None:
        """A grade in the gradebook."""
        self.put(
            GradeEntry(
                **{
                    "course": COURSE,
                    "grade_item": item,
                    "learner": learner,
                    "raw": None if raw is None else Decimal(raw),
                    "minimum": Decimal(0),
                    "maximum": Decimal(100),
                    "graded_at": MONDAY,
                    **fields,
                }
            )
        )

    def three(self) -> None:
        """1 and 3 in group А, 2 in group Б; all have tried, and a pull has seen it."""
        for key, group in (("1", "А"), ("2", "Б"), ("3", "А")):
            self.person(key, groups=[group])
            self.attempt(key, 7)
        self.pass_over()

    # --- what the registers do ----------------------------------------------------------------------------------------

    def read_everything(self, outcome: Outcome = Outcome.COMPLETE, streams: Sequence[str] = STREAMS) -> None:
        """Marks the course's scopes as read at this instant."""
        for stream in streams:
            with self.store.page(self.run, stream, SCOPE) as page:
                page.end(outcome, 0, 0)

    def pass_over(self, *, read: bool = True) -> RegisterSummary:
        """What a pull ends with, after everything was read."""
        if read:
            self.read_everything()
        return record_results(self.store, self.mapping, self.run)

    def close(self, sitting: str = "7", actor: str = "registrar", **options: Any) -> closing.Closed:
        """Closes a sitting by hand."""
        wanted, how = SittingId.parse(sitting), closing.ClosingOptions(actor, **options)
        return closing.close(self.store, SOURCE, self.mapping, wanted, how)

    def amend(self, number: str, reason: str = "служебная записка", learner: str | None = None) -> amending.Done:
        """Takes over what the LMS says."""
        return amending.amend(self.store, SOURCE, self.mapping, number, amending.Act("registrar", reason, learner))

    def keep(self, number: str, reason: str = "служебная записка", learner: str | None = None) -> amending.Done:
        """Decides that a protocol stands."""
        return amending.keep(self.store, SOURCE, self.mapping, number, amending.Act("registrar", reason, learner))

    def accept(self, sitting: str = "7", reason: str = "служебная записка") -> amending.Done:
        """Takes over what the LMS says into results of an open sitting."""
        act = amending.Act("registrar", reason)
        return amending.accept(self.store, SOURCE, self.mapping, SittingId.parse(sitting), act)

    def annul(self, number: str, reason: str = "ошибка в группе") -> Protocol:
        """Annuls a protocol."""
        return amending.annul(self.store, SOURCE, self.mapping, number, amending.Act("registrar", reason))

    def refusal(self, act: Callable[[], object]) -> str:
        """What an act is refused with; it must name nobody, and nothing may have been written."""
        rows = self.ledger_rows()
        with pytest.raises(RegisterError) as refused:
            act()
        assert self.ledger_rows() == rows
        message = str(refused.value)
        assert not any(name in message for name in ("Аксёнов", "Борисов", "Примеров"))
        return message

    # --- how it stands ------------------------------------------------------------------------------------------------

    def final(self, item: str = "7") -> Final:
        """A final as of now."""
        with self.store.reading() as connection:
            found = look_at(connection, SOURCE, self.mapping, item, self.clock.now)
        assert found is not None
        return found

    def sittings(self, item: str = "7") -> dict[str, Sitting]:
        """The open sittings of a final, by name."""
        return {str(one.id): one for one in self.final(item).sittings.open()}

    def sitting(self, name: str = "7") -> Sitting:
        """An open sitting."""
        return self.sittings(SittingId.parse(name).grade_item)[name]

    def results(self, item: str = "7") -> dict[str, AttestationResult]:
        """The frozen results in their latest versions, by `learner/occasion`."""
        return {one.record.key.partition("/")[2]: one.record for one in self.final(item).facts.results}

    def protocols(self) -> list[Protocol]:
        """All protocols."""
        with self.store.reading() as connection:
            return protocols(connection, SOURCE)

    def protocol(self, number: str) -> Protocol:
        """The latest version of a protocol."""
        [found] = [one for one in self.protocols() if one.number == number]
        return found

    def learners(self, number: str) -> list[str]:
        """Who stands in a protocol, by line."""
        return [line.learner for line in self.protocol(number).lines]

    def listed(self, number: str) -> dict[str, ResultOutcome]:
        """What is said of each learner in a protocol."""
        return {line.learner: line.outcome for line in self.protocol(number).lines}

    def document(self, number: str) -> ProtocolDocument:
        """A closed protocol as a document."""
        [found] = protocol_documents(self.store, SOURCE, number)
        return found

    def open_document(self, name: str = "7") -> ProtocolDocument:
        """An open sitting as a document."""
        final = self.final(SittingId.parse(name).grade_item)
        [sitting] = [one for one in final.sittings.open() if str(one.id) == name]
        return sitting_document(final, sitting, str(self.mapping.zone))

    def drifts(self, state: DriftState | None = DriftState.OPEN) -> dict[str, Drift]:
        """Drift records by `learner/occasion field`."""
        with self.store.reading() as connection:
            return {one.key.partition("/")[2]: one for one in drifts(connection, SOURCE, state=state)}

    def told(self) -> dict[str, tuple[str, str]]:
        """(as frozen, as it is now) of each undecided difference."""
        return {key: (one.frozen, one.current) for key, one in self.drifts().items()}

    def versions(self, kind: str, key: str) -> list[Record | None]:
        """Every version of an official record, oldest first."""
        return [version.record() for version in history(self.store, SOURCE, kind, key)]

    def ledger_rows(self) -> int:
        """How many rows the ledger has."""
        with self.store.reading() as connection:
            return connection.execute(select(func.count()).select_from(ledger)).scalar_one()

    def is_sound(self) -> bool:
        """Whether the ledger, the tables and the protocols prove themselves."""
        report = verify(self.store)
        assert report.problems == []
        return report.ok


@contextmanager
def opened(url: str, mapping: Mapping) -> Iterator[World]:
    """A world with the final test 7 (quiz 3) over the empty store at a URL."""
    clock = Clock()
    with Store.open(url, clock=clock) as store:
        if url.startswith("sqlite"):
            # Many small commits: nothing here depends on their being flushed.
            event.listen(store.engine, "checkout", lambda raw, *_: raw.execute("PRAGMA synchronous=OFF"))
        world = World(store, clock, mapping)
        world.test()
        yield world
