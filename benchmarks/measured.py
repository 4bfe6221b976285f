"""What is measured of lms-sync itself, in a fresh process each time, so that its memory is its own.

Owns the pulls. Must not know the floor nor the targets.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import structlog
from lms_sync_moodle import MoodleConnector
from pydantic import SecretStr

from benchmarks.lms import Site
from lms_sync.connector import SiteAccess
from lms_sync.mapping.load import load_mapping
from lms_sync.store.store import Store
from lms_sync.store.verify import verify
from lms_sync.sync.pull import PullOptions, PullSource, Silence, pull


class Pulled(NamedTuple):
    """One pull: how long it took, what it kept, and the process's peak memory."""

    seconds: float
    records: int
    outcome: str
    mebibytes: float


class Verified(NamedTuple):
    """One verification, in seconds of processor time: all of it is computing, and other processes do not count."""

    seconds: float
    rows: int


def pulled(site: Site, store: Path, streams: tuple[str, ...] | None = None, scope: str | None = None) -> Pulled:
    """Pulls in a fresh process. Raises RuntimeError when not everything could be read."""
    result: Pulled = _apart(_pull, site, store, streams, scope)
    if result.outcome == "failed":
        raise RuntimeError(f"the pull of {streams} failed")
    return result


def verified(store: Path) -> Verified:
    """Verifies a store in a fresh process."""
    result: Verified = _apart(_verify, store)
    return result


def _apart(function: Callable[..., object], *arguments: object) -> object:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def _pull(site: Site, path: Path, streams: tuple[str, ...] | None, scope: str | None) -> Pulled:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    access = SiteAccess("bench", site.url, SecretStr(site.token))
    options = PullOptions(streams=streams, scopes=(scope,) if scope else None, actor="benchmark")
    mapping = load_mapping("moodle", [], timezone="Asia/Irkutsk")
    source = PullSource("bench", lambda: MoodleConnector(access, MoodleConnector.options()), mapping)
    with Store.open(f"sqlite:///{path}") as store:
        begun = time.perf_counter()
        summary = pull(store, source, options, Silence())
        seconds = time.perf_counter() - begun
    return Pulled(seconds, summary.counts["added"], summary.outcome, _peak())


def _verify(path: Path) -> Verified:
    with Store.open(f"sqlite:///{path}", migrate=False) as store:
        begun = time.process_time()
        report = verify(store)
        return Verified(time.process_time() - begun, report.rows)


def _peak() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1024 if sys.platform != "darwin" else peak / 1024**2
