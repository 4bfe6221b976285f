"""The floor: the same requests by a bare session, decoded with json, inserted with executemany into a bare table.

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
