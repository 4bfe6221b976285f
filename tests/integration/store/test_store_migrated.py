"""A store that an older lms-sync made, with data in it: it is brought up and verifies; nothing new, no version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from lms_sync.records import Record
from lms_sync.store import migrations
from lms_sync.store.canonical import canonical_payload, digest_time
from lms_sync.store.engine import open_engine, parse_url
from lms_sync.store.ledger import Entry, Signature, append
from lms_sync.store.migrate import REVISIONS
from lms_sync.store.projection import Latest, row_of
from lms_sync.store.rebuild import rebuild_projections
from lms_sync.store.rows import Operation, PutCounts
from lms_sync.store.store import Store
from lms_sync.store.tables import PROJECTIONS
from lms_sync.store.verify import verify
from tests.integration.store import journal_samples, samples

ADDED_SINCE = {"grade_item": {"pass_mark"}, "grade_entry": {"graded_by"}}
"""Fields that revision 0002 did not know, by kind."""

OLD_RECORDS: list[Record] = [
    samples.course(),
    samples.learner(),
    samples.grade_item(pass_mark=None),
    samples.grade(graded_by=""),
    samples.grade("8", raw=None, graded_by=""),
]


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__path__[0])))
    config.set_main_option("path_separator", "os")
    return config


def test_the_revisions_are_those_of_the_scripts() -> None:
    scripts = ScriptDirectory.from_config(alembic_config())
    assert [script.revision for script in scripts.walk_revisions()] == [*reversed(REVISIONS)]


@pytest.fixture
def old_store(store_url: str) -> str:
    """The URL of a store as revision 0002 left it, with `OLD_RECORDS`."""
    engine = open_engine(parse_url(store_url), 1)
    with engine.begin() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        for record in OLD_RECORDS:
            write_as_before(connection, record)
        columns = {kind: {column["name"] for column in inspect(connection).get_columns(kind)} for kind in ADDED_SINCE}
        assert all(columns[kind].isdisjoint(added) for kind, added in ADDED_SINCE.items())
    engine.dispose()
    return store_url


def write_as_before(connection: Connection, record: Record) -> None:
    """Ledger and projection row of a record, without what was added since."""
    added = ADDED_SINCE.get(record.kind, set())
    payload = canonical_payload({name: value for name, value in record.payload().items() if name not in added})
    signature = Signature(samples.SOURCE, samples.SOME_TIME, None, "operator")
    scope = "" if record.kind == "learner" else samples.SCOPE
    entry = Entry(record.kind, record.key, scope, 1, Operation.PUT, payload)
    (seq,) = append(connection, [entry], signature)
    now = digest_time(samples.SOME_TIME)
    latest = Latest(seq, samples.SOURCE, record.kind, record.key, scope, 1, Operation.PUT, payload, now, now)
    names = PROJECTIONS[record.kind].columns.keys()
    row = {name: value for name, value in zip(names, row_of(latest), strict=True) if name not in added}
    listed = ", ".join(f'"{name}"' for name in row)
    places = ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {record.kind} ({listed}) VALUES ({places})"), row)


def column(store: Store, kind: str, name: str) -> set[Any]:
    with store.reading() as connection:
        return set(connection.execute(text(f"SELECT {name} FROM {kind}")).scalars())


def test_it_verifies_and_can_be_made_again_from_its_ledger(old_store: str) -> None:
    with Store.open(old_store) as store:
        assert column(store, "grade_entry", "graded_by") == {""}
        assert column(store, "grade_item", "pass_mark") == {None}
        before = samples.projections(store)
        report = verify(store)
        assert (report.problems, report.rows, report.projected, report.actions) == ([], 5, 5, 0)
        assert rebuild_projections(store) == 5
        assert samples.projections(store) == before
        assert verify(store).problems == []


def test_what_says_no_more_than_before_is_no_new_version(old_store: str) -> None:
    with Store.open(old_store) as store:
        assert samples.put(store, *OLD_RECORDS) == PutCounts(unchanged=5)
        news = (
            samples.grade(graded_by="77"),
            samples.grade_item(pass_mark="60"),
            samples.grade("8", raw="1", graded_by=""),
        )
        assert samples.put(store, *news) == PutCounts(changed=3)
        assert samples.put(store, *news) == PutCounts(unchanged=3)
        assert column(store, "grade_entry", "graded_by") == {"", "77"}
        assert verify(store).problems == []


def test_a_change_of_a_new_column_is_found_in_old_rows(old_store: str) -> None:
    with Store.open(old_store) as store:
        with samples.tampering(store) as connection:
            connection.execute(text("UPDATE grade_entry SET graded_by = '77' WHERE \"key\" = '7/9'"))
            connection.execute(text("UPDATE grade_item SET pass_mark = '60'"))
        assert {problem.what for problem in verify(store).problems} == {
            "graded_by: not what ledger row 4 says",
            "pass_mark: not what ledger row 3 says",
        }


def test_a_damaged_payload_does_not_stop_a_put(old_store: str) -> None:
    with Store.open(old_store) as store:
        with samples.tampering(store) as connection:
            connection.execute(text("UPDATE ledger SET payload = '{' WHERE seq = 4"))
        assert samples.put(store, samples.grade()) == PutCounts(changed=1)


def test_the_journal_works_in_it(old_store: str) -> None:
    with Store.open(old_store) as store:
        journal_samples.put(store, journal_samples.action(1))
        assert verify(store).actions == 1
        with store.reading() as connection:
            payloads = connection.execute(text("SELECT payload FROM ledger WHERE kind = 'grade_entry'")).scalars().all()
        assert all("graded_by" not in json.loads(payload) for payload in payloads)
