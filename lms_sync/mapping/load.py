"""Reads mapping files: from TOML texts to a `Mapping`, or to every problem in every file with its line.

Owns finding, parsing and validating the files, and the words of each problem. Must not know how rules are applied.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Sequence
from decimal import Decimal
from difflib import get_close_matches
from importlib import resources
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lms_sync.errors import ConfigError, Problem
from lms_sync.mapping.apply import Mapping
from lms_sync.mapping.attestation_checks import attestation_problems
from lms_sync.mapping.document_checks import document_problems
from lms_sync.mapping.layers import Effective, Layer, lay
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
    texts += [(str(path), text) for path in overlays if (text := _file_text(path, problems)) is not None]
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


def _file_text(path: Path, problems: list[Problem]) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        problems.append(Problem(str(path), f"cannot be read: {error.strerror}"))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.append(Problem(f"{path}:{line}", "is not UTF-8; save the file in that encoding"))
    return None


def _layer(label: str, text: str, problems: list[Problem]) -> Layer | None:
    try:
        document = tomllib.loads(text.removeprefix("\ufeff"), parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        problems.append(_syntax_problem(label, text, error))
        return None
    lines = Lines(text.removeprefix("\ufeff"))
    try:
        return Layer(label, MappingFile.model_validate(document), lines)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            problems.append(Problem(f"{label}:{lines.of(one['loc'])}", _words(_as_written(one, document), document)))
        return None


def _as_written(error: ErrorDetails, document: dict[str, Any]) -> ErrorDetails:
    """The error with its place as the file has it: a table that stands where a list may is not called its first."""
    path, value = list[str | int](), cast(Any, document)
    for part in error["loc"]:
        if isinstance(part, int) and isinstance(value, dict):
            continue
        path.append(part)
        value = value[part] if _has(value, part) else None
    return {**error, "loc": tuple(path)}


def _has(value: Any, part: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, dict) and part in value


def _syntax_problem(label: str, text: str, error: tomllib.TOMLDecodeError) -> Problem:
    message = str(error)
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    cause = message[: place.start()] if place else message
    return Problem(f"{label}:{line}", f"is not valid TOML: {cause[:1].lower()}{cause[1:]}")


# --- the words of a problem -------------------------------------------------------------------------------------------


def _words(error: ErrorDetails, document: dict[str, Any]) -> str:
    path = error["loc"]
    name = _dotted(path)
    match error["type"]:
        case "extra_forbidden":
            known = sorted(_allowed_keys(path[:-1]))
            close = get_close_matches(str(path[-1]), known, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"
            return f"unknown key {name}; {hint}"
        case "missing" if path == ("format",):
            return f"`format` is missing; write format = {FORMAT} on the first line"
        case "missing":
            return f"{name} is missing"
        case "literal_error" if path == ("format",):
            return f"this lms-sync reads files with format = {FORMAT}"
        case "literal_error" | "enum":
            return f"{name} must be {error['ctx']['expected']}"
        case "value_error":
            return f"{name}: {error['ctx']['error']}" if path else str(error["ctx"]["error"])
        case "string_type":
            return f"{name} must be a text in quotes"
        case "bool_type":
            return f"{name} must be true or false"
        case "int_type":
            return f"{name} must be a whole number"
        case "string_pattern_mismatch":
            return f"{name} must be a code of small Latin letters, digits and _, 40 at most, beginning with a letter"
        case "list_type":
            return f"{name} must be a list in square brackets"
        case "too_short":
            return f"{name} must not be empty"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"{name} must be a table"
        case _:
            return f"{name}: {error['msg'][:1].lower()}{error['msg'][1:]}"


def _dotted(path: tuple[str | int, ...]) -> str:
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _allowed_keys(path: tuple[str | int, ...]) -> set[str]:
    """The keys of the table at a path, found by walking the models."""
    model: type[BaseModel] | None = MappingFile
    for part in path:
        if model is None or isinstance(part, int):
            continue
        named = {(field.alias or name): field for name, field in model.model_fields.items()}
        model = _model_in(named[part].annotation) if part in named else model
    return {field.alias or name for name, field in model.model_fields.items()} if model else set()


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        if (found := _model_in(inner)) is not None:
            return found
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
