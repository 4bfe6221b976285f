"""Whatever happens to Moodle's log between and during readings: every settled row is kept exactly as it was told.

The model gives out ids before rows are committed, cuts pages anywhere, is restored from backups and forgets its marks;
readings break off after any page, and the connector's own calls leave rows of their own.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from lms_sync.connector import Mode, Page
from tests.unit.moodle.log_model import ACCOUNT, Journal, ModelLog, left_out

PERSONS = st.sampled_from([7, 8, ACCOUNT, -1])
ORIGINS = st.sampled_from(["web", "ws"])
MODES = st.sampled_from([Mode.CHANGES, Mode.FULL])


class LogReading(RuleBasedStateMachine):
    @initialize(page=st.integers(10, 14), polls=st.booleans(), anonymous=st.booleans())
    def begin(self, page: int, polls: bool, anonymous: bool) -> None:
        self.log = ModelLog(polls=polls, hides_anonymous=anonymous)
        self.journal = Journal(self.log, log_page=page)
        self.ever: dict[tuple[int, int], dict[str, Any]] = {}

    @rule(count=st.integers(1, 25), person=PERSONS, late=st.integers(0, 900), anonymous=st.booleans(), way=ORIGINS)
    def rows_come(self, count: int, person: int, late: int, anonymous: bool, way: str) -> None:
        for _ in range(count):
            self.log.now += 1
            self.log.add(userid=person, timecreated=self.log.now - late, anonymous=int(anonymous), origin=way)

    @rule(count=st.integers(1, 3))
    def transactions_open(self, count: int) -> None:
        for _ in range(count):
            self.log.add(committed=False)

    @precondition(lambda self: self.log.uncommitted)
    @rule(data=st.data())
    def a_transaction_ends(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.log.uncommitted)))
        if data.draw(st.booleans()):
            self.log.commit(number)
        else:
            del self.log.uncommitted[number]  # rolled back: its id is never used

    @rule()
    def time_passes(self) -> None:
        self.log.now += 1000
        self.log.settle()

    @rule()
    def a_backup_is_made(self) -> None:
        self.log.save()

    @precondition(lambda self: self.log.backup)
    @rule()
    def a_backup_is_restored(self) -> None:
        self.note_rows()
        self.log.restore()
        self.log.now += 1000

    @rule()
    def marks_are_forgotten(self) -> None:
        self.log.expire()

    @rule(mode=MODES, pages=st.integers(0, 4))
    def a_reading_breaks_off(self, mode: Mode, pages: int) -> None:
        reading = self.journal.reading(mode)
        for _ in range(pages):
            next(reading, None)
        reading.close()

    @rule(mode=MODES)
    def a_reading_comes_to_its_end(self, mode: Mode) -> None:
        self.log.told.clear()
        pages = self.journal.pull(mode)
        self.note_rows()
        wanted = {key for key in self.log.settled_keys() if self.is_ours(self.log.rows[key[0]])}
        assert wanted <= self.journal.events.keys(), "a settled row was lost"
        assert self.journal.events.keys() <= self.ever.keys(), "a row was invented"
        for key, event in self.journal.events.items():
            row = self.ever[key]
            assert (event.person or -1, event.anonymous, event.origin) == (
                row["userid"],
                row["anonymous"],
                row["origin"],
            )
        self.everything_is_accounted_for(pages)

    def everything_is_accounted_for(self, pages: list[Page]) -> None:
        kept = sum(len(page.events.rows) for page in pages if page.events)
        own = left_out(pages).get("own_polling", 0)
        assert kept + own == len(self.log.told), "a row that was told is neither kept nor counted"
        assert pages[-1].end
        assert pages[-1].end.received == kept

    def is_ours(self, row: dict[str, Any]) -> bool:
        is_polling = row["userid"] == ACCOUNT and row["origin"] == "ws"
        return not is_polling and not (row["anonymous"] and self.log.hides_anonymous)

    def note_rows(self) -> None:
        self.ever |= {(one, row["timecreated"]): row for one, row in self.log.rows.items()}


LogReading.TestCase.settings = settings(max_examples=150, stateful_step_count=25, deadline=None)
TestLogReading = LogReading.TestCase
