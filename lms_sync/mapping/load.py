"""Reads mapping files: from TOML texts to a `Mapping`, or to every problem in every file with its line.

Owns finding, parsing and validating the files; the words of each problem are in `problems.py`. Must not know how rules
are applied.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Sequence
from decimal import Decimal
from importlib import resources
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from lms_sync.errors import ConfigError, Problem
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.attestation_checks import attestation_problems
from lms_sync.mapping.document_checks import document_problems
from lms_sync.mapping.layers import Effective, Layer, lay
from lms_sync.mapping.problems import file_text, syntax_problem, validation_problems
from lms_sync.mapping.spec import FORMAT, MappingFile
from lms_sync.toml_lines import Lines

ENTRY_POINTS = "lms_sync.mappings"

# Raised whenever the Python side of the mapping starts to give other records for the same files.
_MEANING = 2


def load_mapping(shipped: str | None, overlays: Sequence[Path], *, timezone: str) -> Mapping:
    """The shipped mapping of that entry-point name with the academy's own files laid over it, in order.

    `timezone` is the site's (IANA name): dates of the LMS are read in it. Raises `ConfigError` with every problem of
    every file, each at `file:line`.
    """
    problems: list[Problem] = []
    zone = _zone(timezone, problems)
    texts = _shipped_text(shipped, problems) if shipped is not None else []
    texts += [(str(path), text) for path in overlays if (text := file_text(path, problems)) is not None]
    layers = [layer for label, text in texts if (layer := _layer(label, text, problems)) is not None]
    if problems or zone is None:
        raise _error(problems)
    effective, problems = lay(layers)
    problems += attestation_problems(effective)
    problems += document_problems(effective)
    if problems:
        raise _error(problems)
    return Mapping(effective, zone, _version(effective, timezone))


def _error(problems: Sequence[Problem]) -> ConfigError:
    return ConfigError("The mapping cannot be used; correct these places:", problems)


def _zone(timezone: str, problems: list[Problem]) -> ZoneInfo | None:
    try:
        return ZoneInfo(timezone)
    except (ValueError, OSError, LookupError):
        problems.append(Problem("", f"there is no time zone {timezone!r}; write an IANA name such as Europe/Moscow"))
        return None


def _shipped_text(name: str, problems: list[Problem]) -> list[tuple[str, str]]:
    found = list(entry_points(group=ENTRY_POINTS, name=name))
    if len(found) != 1:
        message = _no_entry_point(name) if not found else _doubled_entry_point(name, found)
        problems.append(Problem("", message))
        return []
    package, texts = found[0].module, []
    for file in _shipped_files(name, package):
        try:
            texts.append((f"{package}/{file}", resources.files(package).joinpath(file).read_text(encoding="utf-8")))
        except (ImportError, OSError, UnicodeDecodeError) as error:
            problems.append(Problem(f"{package}/{file}", f"cannot be read ({type(error).__name__}); reinstall it"))
    return texts


def _shipped_files(name: str, package: str) -> list[str]:
    """NAME.toml, then each NAME.SUBJECT.toml by name: the order in which they are laid over one another."""
    try:
        there = [one.name for one in resources.files(package).iterdir()]
    except (ImportError, OSError):
        there = []  # reading the first of them says what is wrong
    subjects = re.compile(rf"{re.escape(name)}\.[^.]+\.toml")
    return [f"{name}.toml", *sorted(file for file in there if subjects.fullmatch(file))]


def _no_entry_point(name: str) -> str:
    known = ", ".join(sorted(entry_points(group=ENTRY_POINTS).names)) or "none"
    return f"no installed package ships a mapping named {name!r}; installed are: {known}"


def _doubled_entry_point(name: str, found: Sequence[EntryPoint]) -> str:
    packages = " and ".join(sorted(point.dist.name if point.dist else point.module for point in found))
    return f"the mapping {name!r} is shipped by {packages}; uninstall one"


def _layer(label: str, text: str, problems: list[Problem]) -> Layer | None:
    try:
        document = tomllib.loads(text.removeprefix("\ufeff"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        problems.append(syntax_problem(label, text, error))
        return None
    lines = Lines(text.removeprefix("\ufeff"))
    try:
        return Layer(label, MappingFile.model_validate(document), lines)
    except ValidationError as error:
        problems += validation_problems(label, lines, document, error, MappingFile)
        return None


def _version(effective: Effective, timezone: str) -> str:
    """Sixteen hex digits over everything that decides about an outcome, not over where it is written.

    Kinds of documents decide about no record of the LMS: they have a version of their own (`DocumentKinds`).
    """
    content = {
        "meaning": _MEANING,
        "format": FORMAT,
        "timezone": timezone,
        "fields": {name: field.model_dump(mode="json") for name, field in effective.fields.items()},
        "rules": {
            section: [[placed.layer, placed.rule.model_dump(mode="json")] for placed in getattr(effective, section)]
            for section in ("patronymic", "programme", "hours", "grade_item", "control_form", "attestation")
        },
        "protocols": effective.protocols.model_dump(mode="json"),
        "commissions": {
            name: [one.version.model_dump(mode="json") for one in versions]
            for name, versions in effective.commissions.items()
        },
        "scales": {
            name: [one.version.model_dump(mode="json") for one in versions]
            for name, versions in effective.scales.items()
        },
        "default_scales": effective.default_scales,
        "lookups": effective.lookups,
        "lookups_keeping_others": sorted(effective.lookups_keeping_others),
        "events": [[one.pattern, [rule.model_dump(mode="json") for rule in one.rules]] for one in effective.events],
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
