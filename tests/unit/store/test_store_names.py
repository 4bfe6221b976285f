"""What messages call a store."""

from __future__ import annotations

import pytest

from lms_sync.store.engine import parse_url, place_of, sqlite_path


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:////var/lib/lms-sync/records.db", "the store /var/lib/lms-sync/records.db"),
        ("sqlite:///records.db", "the store records.db"),
        ("postgresql://user:secret@db.example.com:5433/lms", "the PostgreSQL store lms at db.example.com:5433"),
        ("postgres://user:secret@db.example.com/lms", "the PostgreSQL store lms at db.example.com"),
        ("postgresql+psycopg://db.example.com/lms?password=secret", "the PostgreSQL store lms at db.example.com"),
        ("postgresql:///lms?host=/run/postgresql", "the PostgreSQL store lms at /run/postgresql"),
        ("postgresql:///lms", "the PostgreSQL store lms at the default host"),
    ],
)
def test_a_store_is_named_without_user_and_password(url: str, place: str) -> None:
    assert place_of(parse_url(url)) == place


def test_only_sqlite_has_a_file() -> None:
    assert str(sqlite_path(parse_url("sqlite:///records.db"))) == "records.db"
    assert sqlite_path(parse_url("postgresql:///lms")) is None
