"""What is measured of lms-sync itself, in a fresh process each time, so that its memory is its own.

Owns the pulls and the questions. Must not know the floor nor the targets.
"""

from __future__ import annotations

import datetime as dt
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from lms_sync_moodle import MoodleConnector
from pydantic import SecretStr
from sqlalchemy import Connection, event, func, select

from benchmarks.lms import Site
from lms_sync.connector import SiteAccess
from lms_sync.mapping.load import load_mapping
from lms_sync.store.actions import ActionQuery, action_statement, actions
from lms_sync.store.store import Store
from lms_sync.store.tables import action
from lms_sync.store.verify import verify
from lms_sync.sync.pull import PullOptions, PullSource, Silence, pull


class Pulled(NamedTuple):
    """One pull: how long it took, what it kept, and the process's peak memory."""

    seconds: float
    records: int
    actions: int
    outcome: str
    mebibytes: float


class Asked(NamedTuple):
    """The median of one question to the journal: seconds, rows of the answer, and the database's plan."""

    seconds: float
    rows: int
    plan: str


class Verified(NamedTuple):
    """One verification, in seconds of processor time: all of it is computing, and other processes do not count."""

    seconds: float
    rows: int
    actions: int


def pulled(site: Site, store: Path | str, streams: tuple[str, ...] | None = None, scope: str | None = None) -> Pulled:
    """Pulls in a fresh process; `store` is a file or a URL. Raises RuntimeError when not everything could be read."""
    result: Pulled = _apart(_pull, site, url_of(store), streams, scope)
    if result.outcome == "failed":
        raise RuntimeError(f"the pull of {streams} failed")
    return result


def verified(store: Path) -> Verified:
    """Verifies a store in a fresh process."""
    result: Verified = _apart(_verify, store)
    return result


def url_of(store: Path | str) -> str:
    """The store's URL."""
    return f"sqlite:///{store}" if isinstance(store, Path) else store


def _apart(function: Callable[..., object], *arguments: object) -> object:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def _pull(site: Site, url: str, streams: tuple[str, ...] | None, scope: str | None) -> Pulled:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    access = SiteAccess("bench", site.url, SecretStr(site.token))
    options = PullOptions(streams=streams, scopes=(scope,) if scope else None, actor="benchmark")
    mapping = load_mapping("moodle", [], timezone="Asia/Irkutsk")
    source = PullSource("bench", lambda: MoodleConnector(access, MoodleConnector.options()), mapping)
    with Store.open(url) as store:
        begun = time.perf_counter()
        summary = pull(store, source, options, Silence())
        seconds = time.perf_counter() - begun
    counts = summary.counts
    return Pulled(seconds, counts["added"], counts["actions_added"], summary.outcome, _peak())


def asked(store: Path | str, learners: int, days: int) -> Asked:
    """Asks for the journals of so many learners over so many days, in a fresh process."""
    result: Asked = _apart(_ask, url_of(store), learners, days)
    return result


def _ask(url: str, learners: int, days: int) -> Asked:
    with Store.open(url, migrate=False) as store, store.reading() as connection:
        columns = action.c
        named = select(columns.learner).where(columns.learner != "").group_by(columns.learner).order_by(func.count())
        people = list(connection.execute(named).scalars())[-learners:]
        until = connection.execute(select(func.max(columns.occurred_at))).scalar_one()
        since = until - dt.timedelta(days=days)
        queries = [ActionQuery("bench", learners=[one], since=since, until=until) for one in people]
        seconds, rows = [], []
        for query in queries:
            begun = time.perf_counter()
            rows.append(sum(1 for _ in actions(connection, query)))
            seconds.append(time.perf_counter() - begun)
        return Asked(statistics.median(seconds), int(statistics.median(rows)), _plan(connection, queries[0]))


def _plan(connection: Connection, query: ActionQuery) -> str:
    """How the database says that it finds the answer."""
    words = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "

    def explain(*given: Any) -> tuple[str, Any]:
        return words + given[2], given[3]

    event.listen(connection, "before_cursor_execute", explain, retval=True)
    cursor = connection.execute(action_statement(connection, query).execution_options(yield_per=None)).cursor
    event.remove(connection, "before_cursor_execute", explain)
    return " ".join(str(part) for row in cursor.fetchall() for part in row) if cursor else ""


def _verify(path: Path) -> Verified:
    with Store.open(f"sqlite:///{path}", migrate=False) as store:
        begun = time.process_time()
        report = verify(store)
        return Verified(time.process_time() - begun, report.rows, report.actions)


def _peak() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform != "darwin" else peak / 1024**2
