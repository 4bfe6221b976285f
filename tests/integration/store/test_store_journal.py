"""Writing the action journal: each action once, each page sealed, nothing of a transaction that failed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from lms_sync.records import ActionCode, Rung
from lms_sync.store.checkpoint import sign_checkpoint
from lms_sync.store.history import history
from lms_sync.store.journal import (
    ActionCounts,
    JournalState,
    journal_states,
    journalling,
    read_journal_state,
)
from lms_sync.store.journal_facts import changed_since
from lms_sync.store.rebuild import rebuild_projections
from lms_sync.store.rows import Operation
from lms_sync.store.store import Store
from lms_sync.store.tables import ledger
from lms_sync.store.verify import verify
from tests.integration.store import journal_samples, samples
from tests.integration.store.journal_samples import action, derived, found, keys, put

AWKWARD = "".join(map(chr, range(1, 0x100))) + "\\N \\. \\\\ \t\n\r \\u0000 \u2028 😀 ё '\""


def pages(store: Store) -> list[dict[str, Any]]:
    """The payload of every page, in order."""
    with store.reading() as connection:
        sealed = select(ledger.c.payload).where(ledger.c.kind == "action_page").order_by(ledger.c.seq)
        return [samples.decoded(payload) for payload in connection.execute(sealed).scalars()]


def test_what_was_put_is_what_is_given(store: Store) -> None:
    kept = [
        action(1),
        action(2, actor=None, impersonator=""),
        action(3, actor="", learner="", address="", anonymous=True),
        derived(4, action=ActionCode.SUBMITTED),
        action(5, event=AWKWARD, address=AWKWARD, key=AWKWARD),
        action(6, utc_offset=-210, occurred_at=-1),
    ]
    assert put(store, *kept) == ActionCounts(added=6)
    assert found(store) == [kept[5], *kept[:5]]
    assert verify(store).problems == []


@pytest.mark.parametrize("text", ["\t", "\n", "\r", "\\", "\\N", "\\.", "\b\f\v", "\x7f\x1f", "'", '"', ""])
def test_a_text_is_kept_as_it_is(store: Store, text: str) -> None:
    kept = [action(1, event=text), action(2, event=f"a{text}b")]
    put(store, *kept)
    assert found(store) == kept
    assert verify(store).problems == []


def test_an_action_is_kept_once(store: Store) -> None:
    first, other = action(1), action(2)
    assert put(store, first, other, first._replace(address="later")) == ActionCounts(added=2, repeated=1)
    assert put(store, other._replace(course="6"), action(3), first) == ActionCounts(added=1, repeated=2)
    assert put(store, first, other) == ActionCounts(repeated=2)
    assert put(store) == ActionCounts()
    assert put(store, first, source="branch") == ActionCounts(added=1)
    assert found(store) == [first, other, action(3)]
    report = verify(store)
    assert (report.problems, report.rows, report.actions) == ([], 3, 4)


def test_characters_that_no_database_holds_are_replaced_and_repeats_still_known(store: Store) -> None:
    damaged = action(1, key="a\x00b\ud800", address="\udfff\x00", event="\\u0000")
    assert put(store, damaged) == ActionCounts(added=1)
    assert put(store, damaged, action(2)) == ActionCounts(added=1, repeated=1)
    (kept, _) = found(store)
    assert (kept.key, kept.address, kept.event) == ("a\ufffdb\ufffd", "\ufffd\ufffd", "\\u0000")
    assert verify(store).ok


def test_a_page_is_sealed_as_published(store: Store) -> None:
    """Recomputed here from the table alone, with nothing of the store's own code."""
    put(store, action(7), action(3, actor=None), derived(5, anonymous=True))
    put(store, action(8))
    first, second = pages(store)
    table = journal_samples.rows(store)
    digests = []
    for row in table[:3]:
        time = row["occurred_at"].strftime("%Y-%m-%dT%H:%M:%S.000000Z")
        names = list(row)[3:20]
        array = [time if name == "occurred_at" else row[name] for name in names]
        text = json.dumps(array, ensure_ascii=False, separators=(",", ":"))
        digests.append(hashlib.sha256(row["salt"] + text.encode()).digest())
    assert first == {
        "rows": 3,
        "digest": hashlib.sha256(b"".join(digests)).hexdigest(),
        "first": action(7).key,
        "last": "derived/5",
        "from": "2026-03-01T12:00:03Z",
        "until": "2026-03-01T12:00:07Z",
        "rungs": {"log": 2, "derived": 1},
    }
    assert (second["rows"], second["first"], second["last"]) == (1, action(8).key, action(8).key)
    assert [(row["page"], row["position"]) for row in table] == [(1, 1), (1, 2), (1, 3), (2, 1)]
    assert len({row["salt"] for row in table}) == 4
    assert {len(row["salt"]) for row in table} == {16}
    (version,) = history(store, samples.SOURCE, "action_page", action(7).key)
    assert (version.operation, version.scope, version.actor, version.run_id) == (Operation.PUT, "", "operator", None)


def test_a_page_of_the_journal_is_part_of_its_scopes_page(store: Store) -> None:
    run = store.begin_run(samples.SOURCE, "full", "operator", "1")
    with store.page(run, "actions", "site") as page:
        page.put([(samples.grade(), None)])
        assert page.journal.put([action(1)]) == ActionCounts(added=1)
        page.set_cursor("1")
    with pytest.raises(LookupError), store.page(run, "actions", "site") as page:
        page.journal.put([action(2)])
        page.journal.keep(JournalState(derived_seq=9))
        page.set_cursor("2")
        raise LookupError
    assert (keys(store), store.cursor(samples.SOURCE, "actions", "site")) == ([action(1).key], "1")
    (version,) = history(store, samples.SOURCE, "action_page", action(1).key)
    assert (version.scope, version.run_id) == ("site", run.id)
    assert verify(store).problems == []


def test_the_journals_state_is_remembered_for_each_source(store: Store) -> None:
    state = JournalState(Rung.LOG, journal_samples.instant(0), 17)
    with journalling(store, samples.SOURCE, "operator") as journal:
        assert journal.state() == JournalState(None, None, 0)
        journal.keep(JournalState(Rung.DERIVED, None, 3))
        journal.keep(state)
        assert journal.supersede([]) == 0
        assert journal.state() == state
    with journalling(store, "branch", "operator") as journal:
        assert journal.supersede([]) == 0
    with store.reading() as connection:
        assert journal_states(connection) == {"branch": JournalState(), samples.SOURCE: state}
        assert read_journal_state(connection, samples.SOURCE) == state
        assert read_journal_state(connection, "nowhere") == JournalState()


def test_the_rest_of_the_ledger_is_undisturbed_by_pages(store: Store, tmp_path: Path) -> None:
    put(store, action(1), derived(2))
    samples.put_every_kind(store, samples.learner("10"))
    put(store, action(3))
    before = samples.projections(store)
    assert rebuild_projections(store) == sum(map(len, before.values()))
    assert samples.projections(store) == before
    signed = sign_checkpoint(store, tmp_path / "checkpoints", tmp_path / "checkpoint.key")
    assert signed is not None
    put(store, action(4))
    report = verify(store, checkpoints=[signed])
    assert (report.problems, report.actions) == ([], 4)


def test_changes_are_told_in_the_order_of_the_ledger(store: Store) -> None:
    put(store, action(1))
    samples.put(store, samples.learner(), samples.grade(), samples.enrolment())
    samples.put(store, samples.grade(), source="branch")
    samples.put(store, samples.grade(mark=5))
    samples.retire(store, "grade_entry", ["7/9"])
    store.erase_learner(samples.SOURCE, "9", "operator", "")
    with store.reading() as connection:
        told = changed_since(connection, samples.SOURCE, 1, ["grade_entry", "learner"], 100)
        assert changed_since(connection, samples.SOURCE, told[1].seq, ["grade_entry", "learner"], 2) == told[2:4]
        assert changed_since(connection, samples.SOURCE, 1, [], 100) == []
    assert [(row.kind, row.version, row.operation.value) for row in told] == [
        ("learner", 1, "put"),
        ("grade_entry", 1, "put"),
        ("grade_entry", 2, "put"),
        ("grade_entry", 3, "retire"),
        ("learner", 2, "erase"),
    ]
    assert [row.payload is None for row in told] == [True, False, False, False, True]
    assert samples.decoded(told[2].payload)["mark"] == 5
    assert [row.seq for row in told] == sorted(row.seq for row in told)
    assert told[0].key == "9"
    assert told[0].observed_at.tzinfo is not None
