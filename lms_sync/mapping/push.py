"""The texts that the LMS is to show of issued documents, made from the templates of `[push.TARGET]`.

Owns the words of a document in a template. Must not know what a target is, nor what was sent before.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lms_sync.connector import Standing
from lms_sync.mapping.push_spec import PushTable, fill
from lms_sync.records import IssuedDocument

STANDINGS = {
    Standing.IN_FORCE: "действует",
    Standing.REVOKED: "аннулирован",
    Standing.REPLACED: "заменён дубликатом",
}
"""How `{standing}` reads."""

_MEANING = 1  # raised whenever other texts come out of the same templates
_SEPARATOR = "; "
_EARLY = dt.date.min


@dataclass(frozen=True)
class TargetTemplates:
    """The templates of one target. Pure and safe to share between threads. `version` is a digest of them."""

    name: str
    table: PushTable
    version: str = field(init=False)

    def __post_init__(self) -> None:
        content = json.dumps([_MEANING, self.table.model_dump(mode="json")], ensure_ascii=False, sort_keys=True)
        object.__setattr__(self, "version", hashlib.sha256(content.encode()).hexdigest()[:16])

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the values that it gives."""
        return tuple(self.table.values)

    def of_document(self, document: IssuedDocument, standing: Standing) -> dict[str, str]:
        """What is to be shown of one document, by the target's own names; empty texts where it has nothing to say."""
        templates = dict(self.table.values)
        if standing is not Standing.IN_FORCE:
            templates |= {name: text for name, text in self.table.out_of_force.items() if name in templates}
        words = _words(document, standing)
        return {name: fill(template, words) for name, template in templates.items()}

    def of_learner(self, in_force: Sequence[IssuedDocument]) -> dict[str, str]:
        """What is to be shown of all documents in force of one learner, by day of issue; empty texts without any."""
        shown = sorted(in_force, key=lambda one: (one.issue_date or _EARLY, len(one.uid), one.uid))
        if self.table.documents == "latest":
            shown = shown[-1:]
        texts = [self.of_document(one, Standing.IN_FORCE) for one in shown]
        separator = self.table.separator or _SEPARATOR
        return {name: separator.join(one[name] for one in texts if one[name]) for name in self.names}


class PushTemplates:
    """The templates of every target that the mapping has texts for."""

    def __init__(self, tables: Mapping[str, PushTable]) -> None:
        self._targets = {name: TargetTemplates(name, table) for name, table in tables.items() if table.values}

    @property
    def names(self) -> list[str]:
        """The targets, in the order of the files."""
        return list(self._targets)

    def target(self, name: str) -> TargetTemplates | None:
        """The templates of a target; None when the mapping has no text for it."""
        return self._targets.get(name)


def _words(document: IssuedDocument, standing: Standing) -> dict[str, str]:
    day = document.issue_date
    return {
        "uid": document.uid,
        "kind": document.document_kind,
        "title": document.title,
        "registration_number": document.registration_number,
        "blank_series": document.blank_series,
        "blank_number": document.blank_number,
        "appendix_number": document.appendix_number,
        "issue_date": day.isoformat() if day else "",
        "issue_day": f"{day:%d.%m.}{day.year:04}" if day else "",
        "hours": "" if document.hours is None else str(document.hours),
        "programme_title": document.programme_title,
        "qualification": document.qualification,
        "profession": document.profession,
        "rank": document.rank,
        "mark_text": document.mark_text,
        "protocol": document.protocol,
        "standing": STANDINGS[standing],
    }
