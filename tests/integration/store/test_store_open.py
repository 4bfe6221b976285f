"""Opening a store: what is made, what is refused untouched, and one clear sentence for everything that is wrong."""

from __future__ import annotations

import os
import pwd
import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, text

from lms_sync.errors import StoreBusy, StoreDamaged, StoreError, StoreTooNew
from lms_sync.store.migrate import VERSION_TABLE
from lms_sync.store.query import runs
from lms_sync.store.store import Store
from lms_sync.store.tables import metadata
from lms_sync.store.verify import verify
from tests.conftest import PASSWORD, PostgresqlServer
from tests.integration.store import samples


def test_migrations_and_tables_agree(store: Store) -> None:
    with store.reading() as connection:
        options = {"compare_type": True, "compare_server_default": True, "version_table": VERSION_TABLE}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_a_store_opened_again_has_what_was_kept(store_url: str) -> None:
    with Store.open(store_url) as store:
        samples.put(store, *samples.every_kind())
        kept = samples.projections(store)
    for migrate in (True, False):
        with Store.open(store_url, migrate=migrate) as store:
            assert samples.projections(store) == kept


def test_a_sqlite_store_is_for_its_owner_and_survives_a_power_cut(sqlite_url: str, tmp_path: Path) -> None:
    with Store.open(sqlite_url) as store:
        samples.put(store, samples.learner())
        assert {path.stat().st_mode & 0o077 for path in tmp_path.glob("records.db*[!k]")} == {0}
        with store.reading() as connection:
            settings = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
        assert settings == ["wal", 2, 1]


def test_a_reader_does_not_wait_for_a_writer_and_sees_no_part_of_it(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(text("DELETE FROM run"))
        run = metadata.tables["run"]
        connection.execute(
            run.insert().values(
                source="x",
                mode="full",
                actor="",
                mapping_version="",
                started_at=store.now(),
                outcome="",
                counts={},
                note="",
            )
        )
        assert runs(store) == []
    assert len(runs(store)) == 1


def test_a_second_writer_waits_and_then_gives_up_with_a_sentence(store_url: str) -> None:
    with Store.open(store_url) as first, Store.open(store_url, busy_seconds=0.2) as second:
        with first.writing(), pytest.raises(StoreBusy, match="being written by another process"), second.writing():
            pass
        with second.writing():
            pass


def test_a_store_of_a_newer_version_is_left_untouched(store_url: str, tmp_path: Path) -> None:
    with Store.open(store_url) as store:
        samples.put(store, *samples.every_kind())
        kept = samples.projections(store)
        with samples.tampering(store) as connection:
            ours = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar_one()
            connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    content = {path: path.read_bytes() for path in tmp_path.glob("*.db")}
    for migrate in (True, False):
        with pytest.raises(StoreTooNew, match=r"newer lms-sync \(schema 9999\)"):
            Store.open(store_url, migrate=migrate)
    assert {path: path.read_bytes() for path in tmp_path.glob("*.db")} == content
    engine = store.engine
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '{ours}'"))
    with Store.open(store_url) as store:
        assert samples.projections(store) == kept
    engine.dispose()


def test_a_database_of_something_else_is_left_untouched(store_url: str) -> None:
    tables = Store.open(store_url)
    with samples.tampering(tables) as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(text(f"DROP TABLE {table.name}"))
        connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))
        connection.execute(text("CREATE TABLE course (id INTEGER)"))
    with pytest.raises(StoreError, match="already holds tables of something else"):
        Store.open(store_url)
    with tables.engine.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM course")).scalar_one() == 0
    tables.close()


def test_a_missing_store_is_not_made_by_a_reader(store_url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="run lms-sync pull"):
        Store.open(store_url, migrate=False)
    assert list(tmp_path.iterdir()) == []


def message_of(open_store: Callable[[], object]) -> str:
    with pytest.raises(StoreError) as caught:
        open_store()
    message = str(caught.value)
    assert PASSWORD not in message
    assert "\n" not in message
    return message


def test_paths_that_cannot_be_a_store(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("это не база данных, а просто длинный текст. " * 100)
    assert "is not a database" in message_of(lambda: Store.open(f"sqlite:///{tmp_path}/text.db"))
    assert "is not a file" in message_of(lambda: Store.open(f"sqlite:///{tmp_path}"))
    assert "directory does not exist" in message_of(lambda: Store.open(f"sqlite:///{tmp_path}/no/such/records.db"))
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://root:not-a-secret@db/x", "begins with 'mysql', which is not supported"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("records.db", "cannot be read"),
        ("postgresql://lms:not-a-secret@127.0.0.1:1/x", "at 127.0.0.1:1 cannot be reached"),
        ("postgresql://lms:not-a-secret@no-such-host.invalid/x", "at no-such-host.invalid cannot be found"),
        ("postgresql://127.0.0.1:1/x?password=not-a-secret", "cannot be reached"),
    ],
)
def test_urls_that_lead_nowhere(url: str, words: str) -> None:
    assert words in message_of(lambda: Store.open(url))


def test_a_wrong_password_user_and_database(postgresql_server: PostgresqlServer) -> None:
    right = postgresql_server.url("postgres")
    wrong_password = right.replace(PASSWORD, "guess-guess")
    message = message_of(lambda: Store.open(wrong_password))
    assert "refuses the user name or the password" in message
    assert "guess-guess" not in message
    assert "refuses the user name or the password" in message_of(lambda: Store.open(right.replace("lms:", "who:")))
    nowhere = postgresql_server.url("nowhere")
    assert "does not exist" in message_of(lambda: Store.open(nowhere))


def as_an_ordinary_user(work: Callable[[], str]) -> str:
    """What `work` gives when run by a user without root's rights, in a process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                account = pwd.getpwnam("nobody")
                os.setgid(account.pw_gid)
                os.setuid(account.pw_uid)
            os.write(writer, work().encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as pipe:
        return pipe.read()


def opening(url: str, **options: bool) -> Callable[[], str]:
    def attempt() -> str:
        try:
            with Store.open(url, **options) as store:
                store.begin_run("moodle", "full", "operator", "1")
        except StoreError as error:
            return str(error)
        except BaseException as error:
            return f"{type(error).__name__} came through: {error}"
        return "it worked"

    return attempt


@pytest.fixture
def open_directory(tmp_path: Path) -> Path:
    """A directory that every user can reach."""
    path = tmp_path
    while path != path.parent and path.stat().st_uid == os.geteuid() and not path.stat().st_mode & 0o001:
        path.chmod(path.stat().st_mode | 0o011)
        path = path.parent
    return tmp_path


def test_a_directory_that_may_not_be_written(open_directory: Path) -> None:
    closed = open_directory / "closed"
    closed.mkdir(mode=0o555)
    message = as_an_ordinary_user(opening(f"sqlite:///{closed}/records.db"))
    assert message.endswith("cannot be made (Permission denied): check this user's rights on the directory")


def test_a_file_that_may_not_be_written(open_directory: Path) -> None:
    path = open_directory / "records.db"
    Store.open(f"sqlite:///{path}").close()
    path.chmod(0o444)
    message = as_an_ordinary_user(opening(f"sqlite:///{path}"))
    assert message.startswith(f"the store {path} cannot be written")
    path.chmod(0o000)
    message = as_an_ordinary_user(opening(f"sqlite:///{path}"))
    assert message.startswith(f"the store {path} cannot be opened")


def test_a_full_disk_keeps_what_was_committed(sqlite_url: str) -> None:
    with Store.open(sqlite_url) as store:
        samples.put(store, samples.grade())

        @event.listens_for(store.engine, "checkout")
        def no_more_room(connection: sqlite3.Connection, *_: object) -> None:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count={pages}")

        many = [samples.grade(str(item)) for item in range(3000)]
        assert "because the disk is full" in message_of(lambda: samples.put(store, *many))
        assert verify(store).ok
        assert store.live_keys("moodle", "grade_entry", "course/5") == {"7/9"}


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ("53100", StoreError, "because its disk is full"),
        ("25006", StoreError, "is read-only"),
        ("42501", StoreError, "refuses a right"),
        ("57P01", StoreError, "is shutting down"),
        ("XX001", StoreDamaged, "is damaged"),
        ("22012", StoreError, "SQLSTATE 22012"),
    ],
)
def test_what_a_postgresql_server_says_becomes_a_sentence(
    postgresql_url: str, state: str, kind: type[StoreError], words: str
) -> None:
    raise_it = f"DO $$ BEGIN RAISE EXCEPTION 'Ёлкина' USING ERRCODE = '{state}'; END $$"
    with (
        Store.open(postgresql_url) as store,
        pytest.raises(kind, match=words) as caught,
        store.writing() as connection,
    ):
        connection.execute(text(raise_it))
    assert "Ёлкина" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_server_that_goes_away_is_told(postgresql_url: str, postgresql_server: PostgresqlServer) -> None:
    end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"
    name = psycopg.conninfo.conninfo_to_dict(postgresql_url)["dbname"]
    with Store.open(postgresql_url) as store:
        with pytest.raises(StoreError, match=r"is shutting down|broke the connection"), store.writing() as connection:
            postgresql_server.execute(end_all.format(name))
            connection.execute(text("SELECT 1"))
        assert runs(store) == []


def test_a_postgresql_server_compiles_no_statement(postgresql_url: str) -> None:
    """It would take longer than the statement, for every page."""
    with Store.open(postgresql_url) as store, store.reading() as connection:
        assert connection.execute(text("SHOW jit")).scalar_one() == "off"


def test_a_lost_table_is_damage(store: Store) -> None:
    with samples.tampering(store) as connection:
        connection.execute(text("DROP TABLE scope_state"))
    with pytest.raises(StoreDamaged, match="lacks one of its tables"):
        store.scope_states()
