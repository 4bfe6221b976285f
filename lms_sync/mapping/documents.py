"""Kinds of issued documents: which there are, which follows from a programme, and how each is numbered.

Owns the use of `[documents]` and `[[document]]`. Must not know documents, blanks or the store.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from lms_sync.errors import RegisterError
from lms_sync.mapping.document_spec import DocumentRule
from lms_sync.mapping.layers import Effective
from lms_sync.mapping.numbering import NumberTemplate
from lms_sync.records import DocumentBasis, ProgrammeKind, Signatory


@dataclass(frozen=True)
class DocumentKind:
    """One kind of document with everything the mapping says about it."""

    code: str
    title: str
    appendix_title: str  # empty: it has none
    programme_kinds: frozenset[ProgrammeKind]  # empty: any, and only when it is asked for
    basis: DocumentBasis
    blank: bool
    minimum_hours: int  # 0: any
    number: NumberTemplate
    appendix_number: NumberTemplate | None
    qualification: bool
    profession: bool
    frdo: bool
    issue_place: str
    organisation: str
    signatories: tuple[Signatory, ...]

    def follows_from(self, programme: ProgrammeKind, basis: DocumentBasis) -> bool:
        """Whether it is what a programme of this kind ends with, by itself."""
        return self.basis is basis and programme in self.programme_kinds


class DocumentKinds:
    """The kinds of document that a mapping knows. Pure and safe to share between threads.

    `version` is a digest of all that the mapping says about them.
    """

    def __init__(self, effective: Effective) -> None:
        self.version = _version(effective)
        self._kinds = {placed.rule.name: _kind(placed.rule, effective) for placed in effective.documents}

    def __iter__(self) -> Iterator[DocumentKind]:
        return iter(self._kinds.values())

    @property
    def codes(self) -> list[str]:
        """The codes, in the order of the files."""
        return list(self._kinds)

    def kind(self, code: str) -> DocumentKind:
        """The kind of that code. Raises RegisterError for one that the mapping does not have."""
        found = self._kinds.get(code)
        if found is None:
            close = get_close_matches(code, self.codes, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there is {', '.join(self.codes) or 'none'}."
            raise RegisterError(f"The mapping has no [[document]] named {code!r}; {hint}")
        return found

    def following(self, programme: ProgrammeKind, basis: DocumentBasis) -> DocumentKind:
        """The one kind that a programme of this kind ends with. Raises RegisterError where none or several do."""
        found = [kind.code for kind in self._kinds.values() if kind.follows_from(programme, basis)]
        if len(found) != 1:
            told = f"several kinds of document ({', '.join(found)})" if found else "no kind of document"
            raise RegisterError(
                f"By the mapping {told} may follow from a programme of kind {programme.value} ({basis.value}): "
                f"choose one with --kind: {', '.join(found or self.codes)}."
            )
        return self._kinds[found[0]]


def _kind(rule: DocumentRule, effective: Effective) -> DocumentKind:
    assert rule.title is not None and rule.number is not None  # `layers` has reported what is missing
    common = effective.document_settings
    signatories = rule.signatories if rule.signatories is not None else common.signatories or []
    own = common.organisation
    return DocumentKind(
        code=rule.name,
        title=rule.title,
        appendix_title=rule.appendix_title or "",
        programme_kinds=frozenset(rule.programme_kinds or ()),
        basis=rule.basis or DocumentBasis.NONE,
        blank=bool(rule.blank),
        minimum_hours=rule.minimum_hours or 0,
        number=NumberTemplate.parse(rule.number),
        appendix_number=NumberTemplate.parse(rule.appendix_number) if rule.appendix_number else None,
        qualification=bool(rule.qualification),
        profession=bool(rule.profession),
        frdo=bool(rule.frdo),
        issue_place=rule.issue_place if rule.issue_place is not None else common.issue_place or "",
        organisation=own if own is not None else effective.protocols.organisation or "",
        signatories=tuple(Signatory(name=one.name, position=one.position) for one in signatories),
    )


def _version(effective: Effective) -> str:
    tables = [effective.document_settings, *(placed.rule for placed in effective.documents)]
    text = json.dumps([table.model_dump(mode="json") for table in tables], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
