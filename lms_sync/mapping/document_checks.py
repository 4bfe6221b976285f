"""What only all tables together can show to be wrong, or hardly meant, with the kinds of documents.

Owns these errors and suspicions. Must not know how a kind is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from lms_sync.errors import Problem
from lms_sync.mapping.document_spec import DocumentRule
from lms_sync.mapping.layers import Effective, Placed
from lms_sync.mapping.numbering import NumberTemplate
from lms_sync.records import DocumentBasis, ProgrammeKind


def document_problems(effective: Effective) -> list[Problem]:
    """Every contradiction between the tables, each with the `file:line` where it is written."""
    return [*_incomplete(effective), *_clashing_numbers(effective)]


def document_suspicions(effective: Effective) -> Iterator[Problem]:
    """Everything suspicious in `[[document]]`, with its `file:line`."""
    for placed in effective.documents:
        for message in _suspicions(placed.rule):
            yield Problem(placed.where, message)
    yield from _two_writings(effective)


def _incomplete(effective: Effective) -> Iterator[Problem]:
    for placed in effective.documents:
        if missing := placed.rule.missing():
            yield Problem(placed.where, f"document {placed.rule.name} has no {' and no '.join(missing)}; write it")


def _templates(effective: Effective) -> Iterator[tuple[NumberTemplate, Placed[DocumentRule]]]:
    for placed in effective.documents:
        if placed.rule.number:
            yield NumberTemplate.parse(placed.rule.number), placed


def _clashing_numbers(effective: Effective) -> Iterator[Problem]:
    first_of: dict[str, tuple[NumberTemplate, Placed[DocumentRule]]] = {}
    for template, placed in _templates(effective):
        first_of.setdefault(template.form, (template, placed))
    for (one, earlier), (other, later) in combinations(first_of.values(), 2):
        if one.may_render_like(other):
            names = f"documents {earlier.rule.name} ({earlier.where}) and {later.rule.name}"
            told = f"{names} could be given one number: {one.text!r} and {other.text!r}"
            yield Problem(later.where, f"{told}; write one template in both, or letters")


def _two_writings(effective: Effective) -> Iterator[Problem]:
    """Templates that count together but give the number another count of digits."""
    first_of: dict[str, tuple[str, str]] = {}
    for template, placed in _templates(effective):
        text, name = first_of.setdefault(template.form, (template.text, placed.rule.name))
        if text != template.text:
            told = f"documents {name} and {placed.rule.name} count in one series but write it differently"
            yield Problem(placed.where, f"{told}: {text!r} and {template.text!r}; write one of them in both")


def _suspicions(rule: DocumentRule) -> Iterator[str]:
    basis = rule.basis or DocumentBasis.NONE
    if rule.number and "year" not in NumberTemplate.parse(rule.number).fields:
        yield f"the numbers of document {rule.name} never begin anew: its `number` holds no {{year}}"
    if basis is not DocumentBasis.PASSED and rule.minimum_hours:
        yield f"minimum_hours of document {rule.name} is hardly meant: it rests on no passed attestation"
    if rule.frdo and not rule.programme_kinds:
        yield f"document {rule.name} is told to the federal register but names no programme_kinds; name them"
    if ProgrammeKind.OTHER in (rule.programme_kinds or ()) and rule.frdo:
        yield f"document {rule.name} of the federal register also follows from programmes of kind other; drop that"
