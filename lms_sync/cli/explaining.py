"""What `lms-sync mapping explain` does: reads a course from the LMS and asks the mapping about each record.

Owns the choice of records and the form of an explanation. Stores nothing. What it gives may be personal data: it is for
a terminal, never for a log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

from lms_sync.connector import Connector, Mode, ReadTask, SourceRecord
from lms_sync.errors import ConfigError
from lms_sync.mapping.apply import RECORD_KINDS, Explanation, Mapping
from lms_sync.records import Course, GradeItem
from lms_sync.report.interface import one_line


def explain_course(
    connector: Connector, mapping: Mapping, course: str, kinds: Sequence[str] | None
) -> list[Explanation]:
    """Every record of the course, of the kinds named (all: None), with what the mapping makes of it.

    A grade item's explanation goes on with its protocols, which depend on its course too.
    """
    wanted = _source_kinds(connector, kinds)
    read = wanted | {"course"} if "grade_item" in wanted else wanted
    explained = [(record.kind, mapping.explain(record)) for record in _records_of(connector, course, read)]
    own = [(kind, one) for kind, one in explained if _of_course(one, course)]
    found = (getattr(one.outcome, "record", None) for kind, one in own if kind == "course")
    of_course = next((record for record in found if isinstance(record, Course)), None)
    return [_with_protocols(one, mapping, of_course) for kind, one in own if kind in wanted]


def _with_protocols(explanation: Explanation, mapping: Mapping, course: Course | None) -> Explanation:
    item = getattr(explanation.outcome, "record", None)
    if not isinstance(item, GradeItem):
        return explanation
    return replace(explanation, decided=[*explanation.decided, *mapping.attestation.explain(item, course)])


class NothingKnown:
    """A connector that is asked for an explanation saves no requests by what is known."""

    def rows(self, kind: str, scope: str, fields: Sequence[str]) -> dict[str, tuple[Any, ...]]:
        """See `lms_sync.connector.Known`."""
        return {}


def _records_of(connector: Connector, course: str, kinds: set[str]) -> Iterator[SourceRecord]:
    """The live source records of one course, and of the whole site where a stream has no smaller scope."""
    task = ReadTask(Mode.FULL, NothingKnown())
    for stream in connector.streams():
        if not kinds & set(stream.kinds):
            continue
        for scope in connector.scopes(stream.name):
            if scope.key in ("site", f"course/{course}"):
                for page in connector.read(scope, task):
                    yield from (record for record in page.records if record.kind in kinds)


def _source_kinds(connector: Connector, record_kinds: Sequence[str] | None) -> set[str]:
    """The source kinds that become the record kinds asked for; all of them when none is."""
    known = {kind for stream in connector.streams() for kind in stream.kinds}
    if not record_kinds:
        return known
    found = {kind for kind in known if kind in record_kinds or RECORD_KINDS.get(kind) in record_kinds}
    unknown = [kind for kind in record_kinds if kind not in {*known, *(RECORD_KINDS.get(one) for one in known)}]
    if unknown:
        names = ", ".join(sorted(RECORD_KINDS.get(one, one) for one in known))
        raise ConfigError(f"The connector brings no kind {', '.join(unknown)}; it brings {names}.")
    return found


def _of_course(explanation: Explanation, course: str) -> bool:
    """Whether it belongs to the course, as far as the record says; learners and rejections always may."""
    record = getattr(explanation.outcome, "record", None)
    if explanation.kind == "course":
        return explanation.key == course
    return getattr(record, "course", course) == course


def limited(explained: Sequence[Explanation], limit: int) -> tuple[list[Explanation], dict[str, int]]:
    """The first of each kind, and how many more there are."""
    seen: Counter[str] = Counter()
    shown = []
    for one in explained:
        seen[one.kind] += 1
        if seen[one.kind] <= limit:
            shown.append(one)
    return shown, {kind: count - limit for kind, count in seen.items() if count > limit}


def is_mapped(explanation: Explanation) -> bool:
    """Whether a record came out."""
    return hasattr(explanation.outcome, "record")


def explanation_lines(explanation: Explanation) -> Iterator[str]:
    """The explanation for a terminal."""
    rule = f"   rule: {explanation.rule}" if explanation.rule else ""
    mark = "✓" if is_mapped(explanation) else "✗"
    yield one_line(f"{mark} {explanation.kind} {explanation.key}{rule}")
    for what, value, why in explanation.decided:
        yield one_line(f"    {what} = {_shown(value)}   ({why})")
    outcome = explanation.outcome
    for doubt in getattr(outcome, "warnings", None) or ([] if is_mapped(explanation) else [outcome]):
        yield one_line(f"  ! {doubt.field or 'record'}: {doubt.message} [{doubt.code}]")


def explanation_document(explanation: Explanation) -> dict[str, Any]:
    """The explanation as JSON-ready values."""
    outcome = explanation.outcome
    record = getattr(outcome, "record", None)
    doubts = getattr(outcome, "warnings", None) or ([] if record else [outcome])
    return {
        "kind": explanation.kind,
        "key": explanation.key,
        "rule": explanation.rule,
        "decided": [{"what": what, "value": _shown(value), "why": why} for what, value, why in explanation.decided],
        "record": record.payload() if record else None,
        "doubts": [{"field": one.field, "code": one.code, "message": one.message} for one in doubts],
    }


def _shown(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)
