"""The store at the command line: how it stands, and stores that cannot be used.

Held for every failure that an operator can cause: one clear message, the right exit code, no traceback, nothing
half-written, and the token nowhere.
"""

from __future__ import annotations

import sqlite3

from lms_sync.store.migrate import VERSION_TABLE
from tests.e2e.desk import Desk, a_course


class TestStatus:
    def test_it_tells_how_fresh_each_stream_is(self, pulled: Desk) -> None:
        outcome = pulled.run("status", "--json", "--scopes")
        (source,) = outcome.document()
        assert {stream["stream"] for stream in source["streams"]} == {
            "courses",
            "assessments",
            "people",
            "grades",
            "attempts",
            "actions",
        }
        assert not any(stream["late"] for stream in source["streams"])
        assert source["last_run"]["outcome"] == "done"
        assert {"site"} < {scope["scope"] for scope in source["scopes"]}

    def test_a_person_reads_the_same(self, pulled: Desk) -> None:
        outcome = pulled.run("status")
        assert outcome.code == 0
        assert "attempts" in outcome.out

    def test_it_needs_neither_token_nor_lms(self, pulled: Desk) -> None:
        (pulled.path / "academy.token").unlink()
        pulled.replace(pulled.server.url, "http://127.0.0.1:9")
        for command in (("status",), ("verify",), ("report", "grades", "--course", a_course(pulled))):
            assert pulled.run(*command).code == 0


class TestUnusableStore:
    """Exit code 4; what is there stays as it is."""

    def test_no_store_yet(self, desk: Desk) -> None:
        for command in (("status",), ("verify",), ("report", "grades", "--course", "2")):
            outcome = desk.run(*command)
            assert outcome.code == 4
            assert "lms-sync pull" in outcome.err
        assert "store.db" not in desk.files()

    def test_a_directory_that_does_not_exist(self, desk: Desk) -> None:
        desk.replace("sqlite:///store.db", "sqlite:///nowhere/store.db")
        outcome = desk.run("pull")
        assert outcome.code == 4
        assert "nowhere" in outcome.err
        assert desk.files() == {"lms-sync.toml", "academy.token"}

    def test_a_file_that_is_no_store(self, desk: Desk) -> None:
        (desk.path / "store.db").write_bytes(b"not a database at all, but a longer text" * 50)
        outcome = desk.run("pull")
        assert outcome.code == 4
        assert (desk.path / "store.db").read_bytes().startswith(b"not a database")

    def test_a_newer_store_is_left_alone(self, pulled: Desk) -> None:
        connection = sqlite3.connect(pulled.path / "store.db")
        connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999_from_the_future'")
        connection.commit()
        before = list(connection.iterdump())
        for command in ("pull", "status", "verify"):
            outcome = pulled.run(command)
            assert outcome.code == 4
            assert "newer" in outcome.err
        assert list(connection.iterdump()) == before
        connection.close()

    def test_doctor_tells_it_without_making_anything(self, desk: Desk) -> None:
        desk.replace("sqlite:///store.db", "sqlite:///nowhere/store.db")
        outcome = desk.run("doctor")
        assert outcome.code == 4
        assert "mkdir" in outcome.out
        assert desk.files() == {"lms-sync.toml", "academy.token"}

    def test_a_changed_record_is_found(self, pulled: Desk) -> None:
        assert pulled.run("verify").code == 0
        connection = sqlite3.connect(pulled.path / "store.db")
        connection.execute("UPDATE grade_entry SET raw = '100' WHERE key = (SELECT min(key) FROM grade_entry)")
        connection.commit()
        connection.close()
        outcome = pulled.run("verify")
        assert outcome.code == 4
        assert "NOT what was written" in outcome.out
