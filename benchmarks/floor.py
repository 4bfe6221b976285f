"""The floor: the same requests by a bare session, decoded with json, inserted in bulk into a bare table.

Owns the least that any program must do. Must not use lms-sync.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import requests

from benchmarks.lms import Request, Site

CONCURRENCY = 2  # as lms-sync's default
_FIXED = [("moodlewsrestformat", "json"), ("moodlewssettingraw", "1")]


def floor_seconds(site: Site, asked: Sequence[Request], store: Path) -> float:
    """Seconds to fetch, decode and insert what lms-sync asked for."""
    begun = time.perf_counter()
    local = threading.local()

    def fetch(request: Request) -> list[tuple[Any, ...]]:
        if not hasattr(local, "session"):
            local.session = requests.Session()
        form = [("wstoken", site.token), ("wsfunction", request.function), *_FIXED, *_flat(request.params)]
        answer = local.session.post(f"{site.url}/webservice/rest/server.php", data=form, timeout=600)
        return list(_rows(json.loads(answer.content)))

    with sqlite3.connect(store) as bare, ThreadPoolExecutor(CONCURRENCY) as pool:
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("CREATE TABLE bare (kind TEXT, a TEXT, b TEXT, c TEXT, d TEXT, e TEXT, PRIMARY KEY (kind, a, b))")
        for rows in pool.map(fetch, asked):
            bare.executemany("INSERT OR REPLACE INTO bare VALUES (?, ?, ?, ?, ?, ?)", rows)
        bare.commit()
    bare.close()
    return time.perf_counter() - begun


def log_floor_seconds(site: Site, asked: Sequence[Request], store: Path | str) -> float:
    """Seconds to fetch, decode and insert the pages of a log, one after the other, since each names the next one.

    Into a bare table of an SQLite file, or with COPY into one of PostgreSQL.
    """
    begun = time.perf_counter()
    session = requests.Session()

    def fetch(request: Request) -> list[list[Any]]:
        form = [("wstoken", site.token), ("wsfunction", request.function), *_FIXED, *_flat(request.params)]
        answer = session.post(f"{site.url}/webservice/rest/server.php", data=form, timeout=600)
        told = json.loads(answer.content)
        page = json.loads(told["json"]) if "json" in told else {}
        return page["rows"] if page.get("stream") == "log" else []

    keep = _keep_in_sqlite if isinstance(store, Path) else _keep_in_postgresql
    keep(store, map(fetch, asked))
    return time.perf_counter() - begun


_COLUMNS = 22  # of a row of the log


def _keep_in_sqlite(store: Any, pages: Iterator[list[list[Any]]]) -> None:
    with sqlite3.connect(store) as bare:
        bare.execute("PRAGMA journal_mode = WAL")
        names = ", ".join(f"c{number}" for number in range(1, _COLUMNS))
        bare.execute(f"CREATE TABLE bare (id INTEGER PRIMARY KEY, {names})")
        statement = f"INSERT INTO bare VALUES ({', '.join('?' * _COLUMNS)})"
        for rows in pages:
            bare.executemany(statement, rows)
            bare.commit()
    bare.close()


def _keep_in_postgresql(url: Any, pages: Iterator[list[list[Any]]]) -> None:
    with psycopg.connect(url) as bare:
        names = ", ".join(f"c{number} text" for number in range(1, _COLUMNS))
        bare.execute(f"CREATE TABLE bare (id bigint PRIMARY KEY, {names})")
        for rows in pages:
            with bare.cursor().copy("COPY bare FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            bare.commit()


def _flat(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from _flat(inner, f"{name}[{number}]")
    else:
        yield name, str(value)


def _rows(answer: Any) -> Iterator[tuple[Any, ...]]:
    if not isinstance(answer, dict):
        for one in answer if isinstance(answer, list) else ():
            yield "person", one.get("id"), "", one.get("firstname"), one.get("lastname"), one.get("email")
        return
    for report in answer.get("usergrades", ()):
        for one in report["gradeitems"]:
            raw, graded = one.get("graderaw"), one.get("gradedategraded")
            yield "grade", one["id"], report["userid"], None if raw is None else str(raw), graded, one.get("status")
    for one in answer.get("attempts", ()):
        yield "attempt", one["id"], one["userid"], one["state"], one["timefinish"], str(one["sumgrades"])
