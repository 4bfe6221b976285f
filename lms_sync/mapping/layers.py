"""Lays mapping files over one another and checks what only the whole can show.

Owns the order in which rules are tried and what replaces what. Must not know how a rule is applied.

The shipped file is layer 0, each further file lies over it. Rules of a later file are tried before those of an
earlier one; a rule whose name an earlier file has takes that rule's place in the order; `remove = true` takes it out.
Learner fields, lookup entries, captions, defaults, settings of protocols and of documents, what a kind of document says
and the texts of a target are replaced one by one; a scale or a commission is replaced with all its versions. Events of
a later file are asked before those of an earlier one, and within a file whole names before patterns.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Generic, TypeVar

from lms_sync.errors import Problem
from lms_sync.mapping.attestation_spec import CommissionVersion, ProtocolRule, ProtocolSettings
from lms_sync.mapping.document_spec import DocumentRule, DocumentSettings
from lms_sync.mapping.event_spec import EventRule
from lms_sync.mapping.push_spec import PushTable
from lms_sync.mapping.spec import (
    AttestationRule,
    ControlFormRule,
    HoursRule,
    LearnerField,
    LearnerFields,
    MappingFile,
    Patronymic,
    ProgrammeRule,
    ScaleVersion,
)
from lms_sync.mapping.spec_parts import Rule
from lms_sync.mapping.text import fold
from lms_sync.toml_lines import Lines, Path

RuleT = TypeVar("RuleT", bound=Rule)


@dataclass(frozen=True)
class Layer:
    """One file that has been read and is sound in itself."""

    label: str
    file: MappingFile
    lines: Lines

    def where(self, *path: str | int) -> str:
        """`file:line` of a path in the file."""
        return f"{self.label}:{self.lines.of(path)}"


@dataclass(frozen=True)
class Placed(Generic[RuleT]):
    """A rule in its place: the layer whose turn it has, and the `file:line` where it is written."""

    rule: RuleT
    layer: int
    where: str


@dataclass(frozen=True)
class PlacedScale:
    """A version of a scale and where it is written."""

    version: ScaleVersion
    where: str


@dataclass(frozen=True)
class PlacedCommission:
    """A version of a commission and where it is written."""

    version: CommissionVersion
    where: str


@dataclass(frozen=True)
class PlacedEvent:
    """The rules of an event, or of all whose names fit a pattern with `*`, and where they are written."""

    pattern: str
    rules: tuple[EventRule, ...]
    layer: int
    where: str

    @property
    def is_whole_name(self) -> bool:
        """Whether it names a single event."""
        return "*" not in self.pattern


@dataclass
class Effective:
    """What all files together say. Lists are in the order in which their rules are tried."""

    fields: dict[str, LearnerField] = field(default_factory=dict)
    patronymic: list[Placed[Patronymic]] = field(default_factory=list)
    programme: list[Placed[ProgrammeRule]] = field(default_factory=list)
    hours: list[Placed[HoursRule]] = field(default_factory=list)
    grade_item: list[Placed[AttestationRule]] = field(default_factory=list)
    control_form: list[Placed[ControlFormRule]] = field(default_factory=list)
    protocols: ProtocolSettings = field(default_factory=ProtocolSettings)
    attestation: list[Placed[ProtocolRule]] = field(default_factory=list)
    commissions: dict[str, list[PlacedCommission]] = field(default_factory=dict)
    document_settings: DocumentSettings = field(default_factory=DocumentSettings)
    documents: list[Placed[DocumentRule]] = field(default_factory=list)
    push: dict[str, PushTable] = field(default_factory=dict)
    scales: dict[str, list[PlacedScale]] = field(default_factory=dict)
    default_scales: list[str] = field(default_factory=list)
    lookups: dict[str, dict[str, str]] = field(default_factory=dict)
    lookups_keeping_others: set[str] = field(default_factory=set)
    events: list[PlacedEvent] = field(default_factory=list)
    action_captions: dict[str, str] = field(default_factory=dict)
    object_captions: dict[str, str] = field(default_factory=dict)


def lay(layers: Sequence[Layer]) -> tuple[Effective, list[Problem]]:
    """Merges the layers, lowest first. Returns every problem that their meeting shows."""
    effective, problems = Effective(), []
    for number, layer in enumerate(layers):
        problems += _lay_one(effective, layer, number)
    for layer in layers:
        problems += _dangling_names(effective, layer)
        problems += _uncalled_codes(effective, layer)
    problems += _missing_names(effective)
    return effective, problems


def _lay_one(effective: Effective, layer: Layer, number: int) -> list[Problem]:
    file, problems = layer.file, list[Problem]()
    for name in LearnerFields.model_fields:
        if (learner_field := getattr(file.learner.fields, name)) is not None:
            effective.fields[name] = learner_field
    problems += _lay_rules(effective.patronymic, file.learner.patronymic, layer, number, ("learner", "patronymic"))
    problems += _lay_rules(effective.programme, file.course.programme, layer, number, ("course", "programme"))
    problems += _lay_rules(effective.hours, file.course.hours, layer, number, ("course", "hours"))
    problems += _lay_rules(effective.grade_item, file.grade_item, layer, number, ("grade_item",))
    problems += _lay_rules(effective.control_form, file.control_form, layer, number, ("control_form",))
    problems += _lay_rules(effective.attestation, file.attestation, layer, number, ("attestation",))
    said = file.protocols.model_dump(exclude_unset=True)
    effective.protocols = effective.protocols.model_copy(update=said)
    problems += _lay_commissions(effective, layer)
    of_documents = file.documents.model_dump(exclude_unset=True, exclude={"signatories"})
    if file.documents.signatories is not None:
        of_documents["signatories"] = file.documents.signatories
    effective.document_settings = effective.document_settings.model_copy(update=of_documents)
    problems += _lay_documents(effective, layer, number)
    for target, push in file.push.items():
        effective.push[target] = push.over(effective.push.get(target, PushTable()))
    problems += _lay_scales(effective, layer)
    if file.defaults.scales is not None:
        effective.default_scales = file.defaults.scales
    for name, table in file.lookup.items():
        effective.lookups.setdefault(name, {}).update({fold(word): value for word, value in table.values.items()})
        if table.otherwise == "keep":
            effective.lookups_keeping_others.add(name)
        elif table.otherwise == "reject":
            effective.lookups_keeping_others.discard(name)
    effective.events[:0] = _placed_events(layer, number)
    effective.action_captions.update(file.action)
    effective.object_captions.update(file.object)
    return problems


def _placed_events(layer: Layer, number: int) -> list[PlacedEvent]:
    placed = [
        PlacedEvent(name, tuple(rules), number, layer.where("event", name)) for name, rules in layer.file.event.items()
    ]
    return sorted(placed, key=lambda one: not one.is_whole_name)


def _lay_rules(
    standing: list[Placed[RuleT]], rules: Sequence[RuleT], layer: Layer, number: int, path: Path
) -> list[Problem]:
    problems, new, seen = list[Problem](), list[Placed[RuleT]](), set[str]()
    places = {placed.rule.name: index for index, placed in enumerate(standing)}
    removed = set[int]()
    for index, rule in enumerate(rules):
        where = layer.where(*path, index, "name")
        if rule.name in seen:
            problems.append(Problem(where, f"the name {rule.name!r} is used twice in [[{_dotted(path)}]]; rename one"))
        elif rule.remove and rule.name not in places:
            missing = f"there is no rule {rule.name!r} in [[{_dotted(path)}]] to remove{_hint(rule.name, places)}"
            problems.append(Problem(where, missing))
        elif rule.remove:
            removed.add(places[rule.name])
        elif rule.name in places:
            place = places[rule.name]
            standing[place] = Placed(rule, standing[place].layer, where)
        else:
            new.append(Placed(rule, number, where))
        seen.add(rule.name)
    standing[:] = new + [placed for index, placed in enumerate(standing) if index not in removed]
    return problems


def _lay_documents(effective: Effective, layer: Layer, number: int) -> list[Problem]:
    """Kinds of documents stay in the order in which they came; a later file's adds to what an earlier one says."""
    earlier = {placed.rule.name: placed for placed in effective.documents}
    problems = _lay_rules(effective.documents, layer.file.document, layer, number, ("document",))
    laid = [
        Placed(placed.rule.over(earlier[placed.rule.name].rule), placed.layer, placed.where)
        if placed.rule.name in earlier and placed.rule is not earlier[placed.rule.name].rule
        else placed
        for placed in effective.documents
    ]
    effective.documents[:] = sorted(laid, key=lambda placed: placed.layer)
    return problems


def _lay_scales(effective: Effective, layer: Layer) -> list[Problem]:
    problems, own = list[Problem](), dict[str, list[PlacedScale]]()
    for index, version in enumerate(layer.file.scale):
        where = layer.where("scale", index, "name")
        siblings = own.setdefault(version.name, [])
        for sibling in siblings:
            if clash := _clash(sibling.version, version):
                problems.append(Problem(where, f"scale {version.name!r} {clash} as another version of it; change one"))
        siblings.append(PlacedScale(version, where))
    effective.scales.update(own)
    return problems


def _lay_commissions(effective: Effective, layer: Layer) -> list[Problem]:
    problems, own = list[Problem](), dict[str, list[PlacedCommission]]()
    for index, version in enumerate(layer.file.commission):
        where = layer.where("commission", index, "name")
        siblings = own.setdefault(version.name, [])
        if any(sibling.version.valid_from == version.valid_from for sibling in siblings):
            told = f"commission {version.name!r} has the same valid_from as another version of it; change one"
            problems.append(Problem(where, told))
        siblings.append(PlacedCommission(version, where))
    effective.commissions.update(own)
    return problems


def _clash(one: ScaleVersion, other: ScaleVersion) -> str:
    if one.version == other.version:
        return f"has the same version {one.version!r}"
    if one.valid_from == other.valid_from:
        return "has the same valid_from"
    if bool(one.words) != bool(other.words):
        return "does not have the same sort of steps (words or thresholds)"
    return ""


def _dangling_names(effective: Effective, layer: Layer) -> Iterable[Problem]:
    for index, name in enumerate(layer.file.defaults.scales or []):
        if name not in effective.scales:
            yield _unknown_scale(name, effective, layer.where("defaults", "scales", index))
    choices = [("grade_item", number, rule.scales) for number, rule in enumerate(layer.file.grade_item)]
    choices += [("attestation", number, rule.scales) for number, rule in enumerate(layer.file.attestation)]
    for section, number, scales in choices:
        for index, name in enumerate(scales or []):
            if name not in effective.scales:
                yield _unknown_scale(name, effective, layer.where(section, number, "scales", index))
    yield from _dangling_commissions(effective, layer)
    for name in LearnerFields.model_fields:
        one: LearnerField | None = getattr(layer.file.learner.fields, name)
        if one is not None and one.table is not None and one.table not in effective.lookups:
            where = layer.where("learner", "fields", name, "table")
            yield Problem(where, f"there is no table [lookup.{one.table}]{_hint(one.table, effective.lookups)}")


def _dangling_commissions(effective: Effective, layer: Layer) -> Iterable[Problem]:
    chosen: list[tuple[str | None, Path]] = [(layer.file.protocols.commission, ("protocols", "commission"))]
    for number, rule in enumerate(layer.file.attestation):
        chosen.append((rule.commission, ("attestation", number, "commission")))
    for name, path in chosen:
        if name and name not in effective.commissions:
            hint = _hint(name, effective.commissions)
            yield Problem(layer.where(*path), f"there is no [[commission]] named {name!r}{hint}")


def _uncalled_codes(effective: Effective, layer: Layer) -> Iterable[Problem]:
    """A report needs a caption for every code: one that has none is most often a misspelt one."""
    for name, rules in layer.file.event.items():
        where = layer.where("event", name)
        for rule in rules:
            if rule.action not in effective.action_captions:
                yield _no_caption(where, "action", rule.action, effective.action_captions)
            if rule.object is not None and rule.object not in effective.object_captions:
                yield _no_caption(where, "object", rule.object, effective.object_captions)


def _no_caption(where: str, table: str, code: str, known: Iterable[str]) -> Problem:
    return Problem(where, f"no file says how the {table} {code!r} is called; add it to [{table}]{_hint(code, known)}")


def _unknown_scale(name: str, effective: Effective, where: str) -> Problem:
    return Problem(where, f"there is no [[scale]] named {name!r}{_hint(name, effective.scales)}")


def _missing_names(effective: Effective) -> Iterable[Problem]:
    for name in ("last_name", "first_name"):
        if name not in effective.fields:
            yield Problem("", f"no mapping file says where learner.fields.{name} comes from; add it")


def _hint(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path)
