"""A Moodle made of recorded answers, and what the whole pipeline makes of it, as golden files.

`ReplayServer` answers web-service calls from `tests/recordings/SITE`; what was not recorded it refuses and remembers in
`unexpected`. `pulled` runs connector, engine and mapping over a store and gives all it holds as plain values, and the
protocols of final attestation that can then be closed; `python -m tests.contract.replay --write` writes these to
`golden/SITE/`, one record a line. It replaces golden files only with `--force`: review the difference, a golden file is
a statement about Moodle and not about this program.

A call matches a recording when function and parameters agree. Left out of the comparison, because the recorded
answers do not depend on it or hold more than what is asked for:

* the token and the form's settings (`moodlewsrestformat`, `moodlewssettingraw`, `moodlewssettinglang`): `moodle-4.5`
  and `moodle-5.1` were asked without raw, so their texts stand for a Moodle that escapes; `moodle-5.1-raw` was asked
  as the connector asks;
* the options `userfields` and `sortby` of `core_enrol_get_enrolled_users` (all fields were recorded, ids ascend), and
  `limitfrom` and `limitnumber` of a first page that has room for the whole list;
* the order of ids in a list.

The server's clock stands still at `RECORDED_AT`, after everything in the recordings. What was not recorded on a site
and is served all the same is made by `derived`, which says from what.
"""

from __future__ import annotations

import argparse
import datetime as dt
import email.utils
import http.server
import json
import logging
import re
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl

import structlog
from lms_sync_moodle import MoodleConnector
from pydantic import SecretStr
from sqlalchemy import select

from lms_sync.connector import SiteAccess
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.load import load_mapping
from lms_sync.records import STREAM_KINDS, AttestationResult, Drift, Protocol
from lms_sync.registers.closing import ClosingOptions, close
from lms_sync.registers.document import protocol_documents, sitting_document
from lms_sync.registers.final import Final, final_items, must_look_at
from lms_sync.store import query
from lms_sync.store.store import Store
from lms_sync.store.tables import PROJECTIONS
from lms_sync.sync.pull import PullOptions, PullSource, RunSummary, Silence, pull

SITES = ("moodle-4.5", "moodle-5.1", "moodle-5.1-raw")
RAW_SITE = "moodle-5.1-raw"
RECORDINGS = Path(__file__).parent.parent / "recordings"
GOLDEN = Path(__file__).parent / "golden"
TIMEZONE = "Asia/Irkutsk"
TOKEN = "0" * 31 + "1"
SOURCE = "academy"
RECORDED_AT = 1795392000  # 2026-11-23T00:00:00Z
CLOSED_AT = dt.datetime(2026, 12, 31, 18, tzinfo=dt.UTC)
"""When protocols are closed: every final with a closing time is over, and where the academy is it is next year."""

PULLED_KINDS = STREAM_KINDS | {record.kind: record for record in (AttestationResult, Protocol, Drift)}
"""The kinds of record that a pull, and what follows from it, may leave."""

NOT_OF_MOODLE = {"mapping_version", "payload_digest", "ledger_seq"}
"""Fields that say nothing about the site: they follow from the mapping's text, from salts, from how much was kept."""

UPDATES = "core_course_get_updates_since"
COURSES = "core_course_get_courses_by_field"
OLDER, NEWER = "mod_quiz_get_user_attempts", "mod_quiz_get_user_quiz_attempts"
REVIEW, REPORT = "mod_quiz_get_attempt_review", "gradereport_user_get_grade_items"
ENROLLED = "core_enrol_get_enrolled_users"
REST_OF_FORM = {"wstoken", "wsfunction", "moodlewsrestformat", "moodlewssettingraw", "moodlewssettinglang"}
DELETED_USER, SUSPENDED_USER = 26, 10

Call = tuple[str, tuple[tuple[str, str], ...]]
Answers = dict[Call, Any]


class ReplayServer:
    """One recorded site on 127.0.0.1. `calls` are the functions asked for, `unexpected` the calls it had to refuse."""

    def __init__(self, site: str) -> None:
        self.calls: Counter[str] = Counter()
        self.unexpected: list[str] = []
        self._answers = answers_of(site)
        self._lock = threading.Lock()
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        """The site's address."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> ReplayServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def answer(self, form: dict[str, str]) -> Any:
        """The body for a form; a refusal when nothing was recorded for it."""
        function = form.get("wsfunction", "")
        params = {name: value for name, value in form.items() if name not in REST_OF_FORM}
        with self._lock:
            self.calls[function] += 1
            if form.get("wstoken") == TOKEN:
                call = call_of(function, params)
                if call in self._answers and _holds_all(params, self._answers[call]):
                    return self._answers[call]
                if function == UPDATES and int(params.get("since", 0)) > RECORDED_AT - 3600:
                    return {"instances": [], "warnings": []}  # recorded on the raw site as `sincefuture`
            self.unexpected.append(f"{function} {sorted(params.items())}")
        return {"exception": "not_recorded", "errorcode": "notrecorded", "message": "This call was not recorded"}


def _handler(server: ReplayServer) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            """Answers a form as Moodle's REST endpoint does: always 200, never cached, non-ASCII escaped."""
            form = parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True)
            body = json.dumps(server.answer(dict(form))).encode()
            self.send_response_only(200)
            self.send_header("Date", email.utils.formatdate(RECORDED_AT, usegmt=True))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    return Handler


# -- recordings


def answers_of(site: str) -> Answers:
    """The recorded answers of a site by call, with what is derived from them."""
    found = recorded(site)
    return derived(site, found) | found


def recorded(site: str) -> Answers:
    """The answers as they were recorded. `ERR-` recordings were made with other tokens and are left out."""
    answers: Answers = {}
    for path in sorted((RECORDINGS / site).glob("*--[!E]*.json")):
        recording = json.loads(path.read_text(encoding="utf-8"))
        params = {name: str(value) for name, value in flattened(recording["params"])}
        answers[call_of(recording["function"], params)] = recording["body"]
    return answers


def call_of(function: str, params: dict[str, str]) -> Call:
    """What identifies a call: the function and the parameters that matter, lists as sets."""
    params = _named_options(params)
    if params.get("options.limitfrom", "0") == "0":
        params = {name: value for name, value in params.items() if not name.startswith("options.limit")}
    pairs = [(re.sub(r"\[\d+\]$", "[]", name), value) for name, value in params.items()]
    return function, tuple(sorted(pair for pair in pairs if pair[0] not in {"options.userfields", "options.sortby"}))


def _named_options(params: dict[str, str]) -> dict[str, str]:
    """`options[0][name]=a, options[0][value]=b` as `options.a=b`."""
    plain = {}
    for name, value in params.items():
        option = re.fullmatch(r"(options\[\d+\])\[(name|value)\]", name)
        if option is None:
            plain[name] = value
        elif option[2] == "name":
            plain[f"options.{value}"] = params[f"{option[1]}[value]"]
    return plain


def _holds_all(params: dict[str, str], answer: Any) -> bool:
    """Whether a page that is asked for has room for the whole recorded list."""
    limit = _named_options(params).get("options.limitnumber")
    return limit is None or int(limit) >= len(answer)


def flattened(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Parameters as form fields: `{"a": [1]}` gives `("a[0]", 1)`."""
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from flattened(inner, f"{name}[{key}]" if name else str(key))
    else:
        yield name, value


# -- what was not recorded


def derived(site: str, found: Answers) -> Answers:
    """Answers that the connector needs and nobody recorded on this site.

    The three sites were filled by the same script, so identifiers, grades and states agree; only moments differ.
    """
    if site == RAW_SITE:
        return {}
    raw = recorded(RAW_SITE)
    answers: Answers = {call_of(COURSES, {}): _courses(found, raw)}
    for (function, params), body in raw.items():
        if function == REVIEW:
            # Attempts of the deleted person and the teacher's preview: read for their owner and `preview` only.
            answers[function, params] = body
        elif function in (OLDER, NEWER) and ("userid", str(DELETED_USER)) in params:
            answers[OLDER, params] = answers[NEWER, params] = body  # the refusal `userdeleted`
    for (function, params), body in found.items():
        if function == OLDER:
            # The successor tells states apart that no attempt here is in, and is equal otherwise.
            answers[NEWER, params] = body
    report = call_of(REPORT, {"courseid": "2", "userid": str(SUSPENDED_USER)})
    answers[report] = _moved(raw[report], _filled_at(found) - _filled_at(raw))
    return answers


def _courses(found: Answers, raw: Answers) -> Any:
    """The course list: the raw site's, with every field that `core_course_get_courses` tells of this one."""
    own = {course["id"]: course for course in found[call_of("core_course_get_courses", {})]}
    whole = raw[call_of(COURSES, {})]
    courses = [{name: own[one["id"]].get(name, value) for name, value in one.items()} for one in whole["courses"]]
    return {**whole, "courses": courses}


def _filled_at(answers: Answers) -> int:
    courses = answers[call_of("core_course_get_courses", {})]
    return next(int(course["startdate"]) for course in courses if course["id"] == 2)


def _moved(report: Any, seconds: int) -> Any:
    """The raw site's report of the suspended learner, its moments moved by what lies between the two fillings.

    Moments that the filling's own duration had a part in may be some seconds off.
    """
    if isinstance(report, dict):
        return {
            name: value + seconds if name.startswith("gradedate") and value else _moved(value, seconds)
            for name, value in report.items()
        }
    return [_moved(one, seconds) for one in report] if isinstance(report, list) else report


# -- the pipeline and its golden files


def pull_once(store: Store, url: str, options: PullOptions | None = None) -> RunSummary:
    """One pull of a site into a store with the shipped mapping."""
    access = SiteAccess(SOURCE, url, SecretStr(TOKEN))
    chosen = MoodleConnector.options(completion_limit=0)  # completed activities were recorded of one learner only
    source = PullSource(SOURCE, lambda: MoodleConnector(access, chosen), shipped_mapping())
    return pull(store, source, options or PullOptions(), Silence())


def held(store: Store) -> dict[str, list[dict[str, Any]]]:
    """All that a store holds: live records by kind, what stands in quarantine, and how the scopes ended."""
    found: dict[str, list[dict[str, Any]]] = {}
    with store.reading() as connection:
        for kind, record in PULLED_KINDS.items():
            table = PROJECTIONS[kind]
            columns = [table.c[name] for name in record.model_fields]
            rows = connection.execute(select(*columns).where(table.c.retired_at.is_(None)))
            records = sorted((record.model_validate(dict(row._mapping)) for row in rows), key=_natural_order)
            found[kind] = [one.payload() for one in records]
    found["quarantine"] = [
        {name: getattr(state.entry, name) for name in ("kind", "key", "field", "code", "message")}
        for state in query.quarantine(store)
    ]
    found["scopes"] = [
        {name: getattr(state, name) for name in ("stream", "scope", "label", "outcome", "expected", "received", "note")}
        for state in store.scope_states()
    ]
    return without(found, NOT_OF_MOODLE)


def _natural_order(record: Any) -> list[tuple[bool, int, str]]:
    return [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in record.key.split("/")]


def without(value: Any, names: Set[str]) -> Any:
    """Plain values without the fields of these names, at any depth."""
    if isinstance(value, dict):
        return {name: without(inner, names) for name, inner in value.items() if name not in names}
    return [without(inner, names) for inner in value] if isinstance(value, list) else value


def pulled(site: str, directory: Path) -> dict[str, list[dict[str, Any]]]:
    """What one pull of a recorded site leaves in a new store, and the protocols that can then be closed.

    Raises AssertionError for a call nobody recorded.
    """
    url = f"sqlite:///{directory / site}.db"
    with ReplayServer(site) as server, Store.open(url, clock=lambda: CLOSED_AT) as store:
        pull_once(store, server.url)
        assert not server.unexpected, server.unexpected
        return {**held(store), "protocol_documents": close_all(store)}


# -- final attestation


def close_all(store: Store) -> list[dict[str, Any]]:
    """Closes every sitting, lists who is absent and leaves what waits; gives the protocols, then what is left open."""
    mapping = shipped_mapping()
    options = ClosingOptions("registrar", absent=True, leave_waiting=True)
    for final in finals(store, mapping):
        for sitting in final.sittings.open():
            if sitting.ready or sitting.missing:
                close(store, SOURCE, mapping, sitting.id, options)
    left = [
        sitting_document(final, sitting, TIMEZONE)
        for final in finals(store, mapping)
        for sitting in final.sittings.open()
    ]
    documents = [one.as_json() for one in [*protocol_documents(store, SOURCE), *left]]
    return cast("list[dict[str, Any]]", without(documents, NOT_OF_MOODLE))


def finals(store: Store, mapping: Mapping) -> list[Final]:
    """Every final attestation of the site, by grade item."""
    with store.reading() as connection:
        items = sorted(final_items(connection, SOURCE, mapping), key=int)
        return [must_look_at(connection, SOURCE, mapping, item, store.now()) for item in items]


def shipped_mapping() -> Mapping:
    """The mapping that comes with lms-sync, with nothing laid over it."""
    return load_mapping("moodle", [], timezone=TIMEZONE)


def golden(site: str) -> dict[str, list[dict[str, Any]]]:
    """The records that a site must give."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((GOLDEN / site).glob("*.json"))}


def main(arguments: list[str] | None = None) -> int:
    """Writes the golden files."""
    parser = argparse.ArgumentParser(description="Write what the recorded sites give as golden files.")
    parser.add_argument("--write", action="store_true", required=True, help="write the files")
    parser.add_argument("--force", action="store_true", help="replace files that are there")
    options = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as directory:
        texts = {
            GOLDEN / site / f"{name}.json": _documents(records) if name == "protocol_documents" else _lines(records)
            for site in SITES
            for name, records in pulled(site, Path(directory)).items()
        }
    there = [path for path, text in texts.items() if path.exists() and path.read_text(encoding="utf-8") != text]
    if there and not options.force:
        names = ", ".join(str(path.relative_to(GOLDEN)) for path in there)
        print(f"These differ and were left as they are: {names}. Use --force to replace them.", file=sys.stderr)
        return 1
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


def _lines(records: list[dict[str, Any]]) -> str:
    """A JSON array with one record a line."""
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    return f"[\n{lines}\n]\n" if records else "[]\n"


def _documents(documents: list[dict[str, Any]]) -> str:
    """A JSON array of documents, with a line for each field and for each entry of a field that is a list."""
    texts = [",\n".join(f"{json.dumps(name)}: {_value(value)}" for name, value in one.items()) for one in documents]
    return "[\n" + ",\n".join(f"{{\n{text}\n}}" for text in texts) + "\n]\n"


def _value(value: Any) -> str:
    return _lines(value).rstrip("\n") if isinstance(value, list) else json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(main())
