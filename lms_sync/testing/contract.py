"""The contract of `lms_sync.connector`, as tests that a connector inherits.

    class TestMyConnector(ConnectorContract):
        @pytest.fixture
        def connect(self): ...
        # and connect_nowhere, change_something and secret

A fixture that is left out fails every test that needs it, with a sentence that says what to define.
Each test reads a real LMS, or a stand-in for it, through the connector; the last ones pull it into a store. Messages
name scopes, kinds, keys and fields, never a value. Must not know any LMS.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from pydantic import BaseModel

from lms_sync.connector import EVENT, Connector, Finding, Level, Mode, Outcome
from lms_sync.errors import SourceError
from lms_sync.mapping.apply import RECORD_KINDS, Mapped, Mapping
from lms_sync.mapping.load import load_mapping
from lms_sync.records import STREAM_KINDS, Learner
from lms_sync.store.store import Store
from lms_sync.store.verify import verify
from lms_sync.sync.pull import PullOptions, PullSource, RunSummary, Silence, pull
from lms_sync.testing.readings import Reading, by_identity, event_faults, not_plain, read_everything, read_scope

Connect = Callable[[], Connector]

SOURCE = "contract"
MANUAL = "docs/writing-a-connector.md"
_STREAM_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TOUCHING = ("added", "changed", "restored", "retired", "braked", "actions_added")
_SHARED = {"person"}  # kinds whose objects are read in several scopes


class ConnectorContract:
    """What every connector must hold. Define `connect`, `connect_nowhere`, `change_something` and `secret`.

    The LMS behind them should hold a few courses with learners, grades and whatever else the connector reads, and it
    must stand still but for `change_something`.
    """

    @pytest.fixture
    def connect(self) -> Connect:
        """Makes a new connector to the same LMS each time it is called."""
        _undefined(self, "connect", "a callable that makes a new connector to the LMS of the test")

    @pytest.fixture
    def connect_nowhere(self) -> Connect:
        """Makes a connector to an LMS that cannot be read: an address where nobody answers, a missing file."""
        _undefined(self, "connect_nowhere", "a callable that makes a connector to an LMS that cannot be read")

    @pytest.fixture
    def change_something(self) -> Callable[[], object]:
        """Changes something in the LMS that the connector must notice without being asked for a full reading."""
        _undefined(self, "change_something", "a callable that changes in the LMS what a pull must notice")

    @pytest.fixture
    def secret(self) -> str:
        """The secret in the access of both kinds of connector: a text that occurs nowhere else."""
        _undefined(self, "secret", "the secret that both kinds of connector are given, a text that is nowhere else")

    @pytest.fixture
    def mapping(self, connect: Connect) -> Mapping:
        """The mapping shipped for the connector."""
        return load_mapping(connect().mapping, [], timezone="Europe/Moscow")

    # --- what it says of itself ---------------------------------------------------------------------------------------

    def test_it_names_itself_its_options_and_a_mapping_that_is_installed(self, connect: Connect) -> None:
        kind = type(connect())
        assert kind.title.strip(), "`title` is empty"
        assert issubclass(kind.options, BaseModel), "`options` is not a pydantic model"
        load_mapping(kind.mapping, [], timezone="Europe/Moscow")

    def test_making_it_and_naming_its_streams_asks_the_lms_nothing(
        self, connect: Connect, connect_nowhere: Connect
    ) -> None:
        assert list(connect_nowhere().streams()) == list(connect().streams()), "the streams depend on the LMS"

    def test_streams_are_well_formed(self, connect: Connect) -> None:
        streams = connect().streams()
        assert streams, "there is no stream"
        for stream in streams:
            assert _STREAM_NAME.fullmatch(stream.name), f"{stream.name!r} is no name of a stream: use lower case"
            assert stream.title.strip(), f"stream {stream.name} has no title"
            assert stream.kinds, f"stream {stream.name} brings no kinds"
            unknown = set(stream.kinds) - RECORD_KINDS.keys() - {EVENT}
            assert not unknown, f"stream {stream.name} brings kinds that no mapping knows: {sorted(unknown)}"

    def test_streams_are_unique_and_share_no_kind(self, connect: Connect) -> None:
        streams = connect().streams()
        names = [stream.name for stream in streams]
        assert len(set(names)) == len(names), "two streams have one name"
        kinds = [kind for stream in streams for kind in stream.kinds]
        # Each would retire what only the other shows.
        assert len(set(kinds)) == len(kinds), "two streams bring one kind"

    def test_scopes_are_well_formed_unique_and_stable(self, connect: Connect) -> None:
        first, second = connect(), connect()
        for stream in first.streams():
            scopes = list(first.scopes(stream.name))
            for scope in scopes:
                assert scope.stream == stream.name, f"a scope of {stream.name} says that it is of {scope.stream}"
                assert type(scope.key) is str and scope.key, f"a scope of {stream.name} has no key"
            keys = [scope.key for scope in scopes]
            assert len(set(keys)) == len(keys), f"two scopes of {stream.name} have one key"
            again = {scope.key for scope in second.scopes(stream.name)}
            assert set(keys) == again, f"the scopes of {stream.name} differ from one connector to the next"

    # --- pages --------------------------------------------------------------------------------------------------------

    def test_a_reading_ends_with_its_only_end(self, connect: Connect) -> None:
        for reading in _whole(connect):
            ends = [page.end is not None for page in reading.pages]
            assert ends and ends[-1], f"{reading.where}: the last page has no end"
            assert sum(ends) == 1, f"{reading.where}: a page before the last has an end"

    def test_something_is_read_and_all_of_it(self, connect: Connect) -> None:
        readings = _whole(connect)
        assert any(reading.records or reading.events for reading in readings), (
            "nothing was read: give the LMS of the test some contents"
        )
        for reading in readings:
            assert reading.end.outcome is Outcome.COMPLETE, (
                f"{reading.where}: a full reading ends {reading.end.outcome}"
            )

    def test_complete_means_that_nothing_is_missing(self, connect: Connect) -> None:
        for reading in _whole(connect):
            end = reading.end
            assert end.received >= 0, f"{reading.where}: a negative number was received"
            missing = end.expected is not None and end.expected != end.received
            assert not (missing and end.outcome is Outcome.COMPLETE), (
                f"{reading.where}: complete, yet something is missing"
            )
            assert end.outcome in (Outcome.COMPLETE, Outcome.CHANGES) or end.note, (
                f"{reading.where}: no reason is given"
            )

    def test_records_are_of_the_kinds_of_their_stream(self, connect: Connect) -> None:
        for reading in _whole(connect):
            strangers = {record.kind for record in reading.records} - set(reading.stream.kinds)
            assert not strangers, (
                f"{reading.where}: records of kinds that the stream does not name: {sorted(strangers)}"
            )

    def test_records_are_plain_values_and_no_grade_is_a_float(self, connect: Connect) -> None:
        for reading in _whole(connect):
            for record in reading.records:
                faults = list(not_plain(record.fields))
                assert not faults, f"{reading.where}: {record.kind} {record.key}: {'; '.join(faults)}"

    def test_keys_are_text_and_unique(self, connect: Connect) -> None:
        homes: dict[tuple[str, str], str] = {}
        for reading in _whole(connect):
            seen: set[tuple[str, str]] = set()
            for record in reading.records:
                what = f"{reading.where}: {record.kind} {record.key!r}"
                assert type(record.key) is str and record.key.strip(), f"{what} has a key that is no text"
                identity = (record.kind, record.key)
                assert identity not in seen, f"{what} was given twice"
                seen.add(identity)
                if record.kind not in _SHARED:
                    assert identity not in homes, f"{what} was also given in {homes[identity]}"
                    homes[identity] = reading.where

    def test_events_are_plain_rows_and_told_once(self, connect: Connect) -> None:
        for reading in _whole(connect):
            told = any(page.events is not None for page in reading.pages)
            assert told == (EVENT in reading.stream.kinds), (
                f"{reading.where}: pages with events, if only empty ones, belong to a stream of the kind {EVENT!r}"
            )
            faults = sorted({fault for event in reading.events for fault in event_faults(event)})
            assert not faults, f"{reading.where}: {'; '.join(faults)}"
            identities = [(event.id, event.time) for event in reading.events]
            assert len(set(identities)) == len(identities), f"{reading.where}: an event was told twice"

    def test_times_of_change_are_utc(self, connect: Connect) -> None:
        for reading in _whole(connect):
            for record in reading.records:
                time = record.source_time
                utc = time is None or (isinstance(time, dt.datetime) and time.utcoffset() == dt.timedelta(0))
                assert utc, f"{reading.where}: {record.kind} {record.key}: source_time is not in UTC"

    def test_two_full_readings_are_equal(self, connect: Connect) -> None:
        first, second = _whole(connect), _whole(connect)
        for one, other in zip(first, second, strict=True):
            assert by_identity(one.records) == by_identity(other.records), f"{one.where}: a second reading differs"

    # --- changes ------------------------------------------------------------------------------------------------------

    def test_an_incremental_stream_gives_a_cursor_and_accepts_it(self, connect: Connect) -> None:
        for reading, again in _read_twice(connect):
            assert type(reading.cursor) is str and reading.cursor, f"{reading.where}: no cursor after a full reading"
            trusted = again.end.outcome in (Outcome.COMPLETE, Outcome.CHANGES)
            assert trusted, f"{again.where}: a reading from its own cursor ends {again.end.outcome}"

    def test_without_a_change_nothing_new_is_read(self, connect: Connect) -> None:
        for reading, again in _read_twice(connect):
            known, shown = by_identity(reading.records), by_identity(again.records)
            new = [identity for identity, record in shown.items() if known.get(identity) != record]
            assert not new, f"{again.where}: nothing changed, yet this is new: {new[:3]}"
            told = {(RECORD_KINDS.get(kind, kind), key) for kind, key in known}
            absent = {pair for page in again.pages for pair in page.absent}
            assert not absent & told, f"{again.where}: nothing changed, yet records are called absent"

    def test_absent_names_kinds_of_records(self, connect: Connect, change_something: Callable[[], object]) -> None:
        for _, again in _read_twice(connect, change_something):
            kinds = {kind for page in again.pages for kind, _ in page.absent}
            allowed = {RECORD_KINDS[kind] for kind in again.stream.kinds if kind != EVENT}
            assert kinds <= allowed, f"{again.where}: absent names {sorted(kinds - allowed)}; it takes kinds of records"

    def test_a_change_reaches_the_store(
        self, connect: Connect, change_something: Callable[[], object], mapping: Mapping, tmp_path: Path
    ) -> None:
        with _store(tmp_path / "followed.db") as followed:
            _pull(followed, connect, mapping)
            before = _live(followed)
            change_something()
            _pull(followed, connect, mapping)
            after = _live(followed)
        with _store(tmp_path / "fresh.db") as fresh:
            _pull(fresh, connect, mapping)
            truth = _live(fresh)
        kinds = {
            RECORD_KINDS[kind]
            for stream in connect().streams()
            if stream.incremental or stream.every_pull
            for kind in stream.kinds
            if kind != EVENT
        } or set(STREAM_KINDS)
        assert truth != before, "`change_something` changed nothing that is read"
        for kind in sorted(kinds):
            assert after[kind] == truth[kind], (
                f"a reading of changes left {kind} records behind: {_difference(after[kind], truth[kind])}"
            )

    # --- discretion and failure ---------------------------------------------------------------------------------------

    def test_nothing_it_says_names_a_learner(self, connect: Connect, mapping: Mapping) -> None:
        connector = connect()
        readings = read_everything(connector)
        private = _private_words(readings, mapping)
        assert private, "no learner was read: give the LMS of the test some people"
        for where, text in _told(connector, readings):
            assert not private.search(text.casefold()), f"{where} holds personal data of a learner"

    def test_its_secret_is_nowhere(self, connect: Connect, connect_nowhere: Connect, secret: str) -> None:
        connector = connect()
        texts = [repr(connector), str(connector), *(text for _, text in _told(connector, read_everything(connector)))]
        nowhere = connect_nowhere()
        texts += [repr(nowhere), *_failures(nowhere), *(repr(finding) for finding in nowhere.check())]
        assert not any(secret in text for text in texts), "the secret is in a text that may reach a log"

    def test_what_the_lms_does_wrong_is_a_source_error(self, connect_nowhere: Connect) -> None:
        assert _failures(connect_nowhere()), "an LMS that cannot be read was read without any complaint"

    def test_check_finds_nothing_wrong_where_nothing_is(self, connect: Connect) -> None:
        findings = list(connect().check())
        assert findings, "check() says nothing"
        _check_findings(findings)
        wrong = [finding.subject for finding in findings if finding.level is Level.FAILURE]
        assert not wrong, f"check() calls these failures although all can be read: {wrong}"

    def test_check_tells_what_is_wrong_and_the_remedy(self, connect_nowhere: Connect) -> None:
        findings = list(connect_nowhere().check())
        _check_findings(findings)
        failed = any(finding.level is Level.FAILURE for finding in findings)
        assert failed, "check() finds no failure in an LMS that cannot be read"

    def test_it_may_be_closed_twice(self, connect: Connect) -> None:
        connector = connect()
        read_everything(connector)
        connector.close()
        try:
            connector.close()
        except Exception as error:
            pytest.fail(f"closing it a second time raises {type(error).__name__}")

    # --- from end to end ----------------------------------------------------------------------------------------------

    def test_everything_read_becomes_a_record(self, connect: Connect, mapping: Mapping) -> None:
        for reading in _whole(connect):
            for record in reading.records:
                outcome = mapping.apply(record)
                code = "" if isinstance(outcome, Mapped) else f"{outcome.field} {outcome.code}: {outcome.message}"
                assert not code, f"{reading.where}: {record.kind} {record.key} was rejected: {code}"

    def test_pulling_twice_changes_nothing_the_second_time(
        self, connect: Connect, mapping: Mapping, tmp_path: Path
    ) -> None:
        with _store(tmp_path / "twice.db") as store:
            first = _pull(store, connect, mapping)
            assert first.counts["added"], "the first pull kept no record"
            second = _pull(store, connect, mapping, full=True)
            third = _pull(store, connect, mapping)
            for summary in (second, third):
                assert not summary.problems, f"a repeated pull has problems: {summary.problems}"
                touched = {name: summary.counts[name] for name in _TOUCHING}
                assert not any(touched.values()), f"a repeated pull changed something: {touched}"

    def test_what_was_pulled_is_verified(self, connect: Connect, mapping: Mapping, tmp_path: Path) -> None:
        with _store(tmp_path / "verified.db") as store:
            _pull(store, connect, mapping)
            report = verify(store)
        assert report.rows, "the pull left nothing to verify"
        assert report.ok, f"the store is not sound after a pull: {report.problems[:3]}"


def _undefined(contract: ConnectorContract, fixture: str, what: str) -> NoReturn:
    """Says what the inheriting class left out; a traceback into this file would tell its author nothing."""
    told = f"{type(contract).__name__} must define the fixture `{fixture}`: {what}. See {MANUAL}."
    pytest.fail(told, pytrace=False)


def _whole(connect: Connect) -> list[Reading]:
    connector = connect()
    try:
        return read_everything(connector)
    finally:
        connector.close()


def _read_twice(connect: Connect, between: Callable[[], object] = lambda: None) -> list[tuple[Reading, Reading]]:
    """Each scope of the incremental streams, whole and then from its own cursor by another connector."""
    first = [reading for reading in _whole(connect) if reading.stream.incremental]
    between()
    connector = connect()
    pairs = [(one, read_scope(connector, one.stream, one.scope, Mode.CHANGES, one.cursor)) for one in first]
    connector.close()
    return pairs


def _store(path: Path) -> Store:
    return Store.open(f"sqlite:///{path}")


def _pull(store: Store, connect: Connect, mapping: Mapping, *, full: bool = False) -> RunSummary:
    return pull(store, PullSource(SOURCE, connect, mapping), PullOptions(full=full, actor="contract"), Silence())


def _live(store: Store) -> dict[str, dict[str, tuple[Any, ...]]]:
    """Every live record by kind and key. Learners are those of any scope."""
    known = store.known(SOURCE)
    scopes = ["", *{state.scope for state in store.scope_states(SOURCE)}]
    return {
        name: {key: row for scope in scopes for key, row in known.rows(name, scope, sorted(kind.model_fields)).items()}
        for name, kind in STREAM_KINDS.items()
    }


def _difference(found: dict[str, tuple[Any, ...]], truth: dict[str, tuple[Any, ...]]) -> list[str]:
    return sorted(key for key in found.keys() | truth.keys() if found.get(key) != truth.get(key))[:3]


def _private_words(readings: list[Reading], mapping: Mapping) -> re.Pattern[str] | None:
    """Finds what names a learner: family names, addresses and personal numbers. None: there are no learners."""
    words = set()
    for reading in readings:
        for record in reading.records:
            outcome = mapping.apply(record)
            if isinstance(outcome, Mapped) and isinstance(outcome.record, Learner):
                learner = outcome.record
                texts = (learner.last_name, learner.email, learner.snils, learner.idnumber)
                words |= {re.escape(text.casefold()) for text in texts if len(text) > 2}
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(words))})(?!\w)") if words else None


def _told(connector: Connector, readings: list[Reading]) -> list[tuple[str, str]]:
    """(where, text) of everything that a person or a log may see."""
    told = []
    for reading in readings:
        told.append((f"the label of {reading.where}", reading.scope.label))
        told.append((f"the note of {reading.where}", reading.end.note))
        told += [(f"a finding of {reading.where}", _words(finding)) for finding in reading.findings]
    return told + [("a finding of check()", _words(finding)) for finding in connector.check()]


def _words(finding: Finding) -> str:
    return f"{finding.subject} {finding.message} {finding.remedy}"


def _failures(connector: Connector) -> list[str]:
    """How reading every stream fails; any exception but a SourceError is the connector's fault."""
    failures = []
    for stream in connector.streams():
        try:
            for scope in connector.scopes(stream.name):
                end = read_scope(connector, stream, scope).end
                if end.outcome in (Outcome.PARTIAL, Outcome.REFUSED):
                    failures.append(end.note)
        except SourceError as error:
            failures += [str(error), repr(error)]
        except Exception as error:
            raise AssertionError(
                f"stream {stream.name}: an LMS that cannot be read raises {type(error).__name__}: raise a SourceError"
            ) from None
    return failures


def _check_findings(findings: list[Finding]) -> None:
    for finding in findings:
        assert finding.subject.strip() and finding.message.strip(), "a finding of check() says nothing"
        needs = finding.level in (Level.WARNING, Level.FAILURE)
        assert not needs or finding.remedy.strip(), f"check() calls {finding.subject} wrong and gives no remedy"
