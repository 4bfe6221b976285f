"""The words of every problem in a TOML file of the operator's: what is wrong, on which line, and what to write.

Owns how a mistake is told, whichever file it is in. Must not know what the keys mean.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from lms_sync.errors import Problem
from lms_sync.mapping.spec import FORMAT
from lms_sync.toml_lines import Lines


def file_text(path: Path, problems: list[Problem]) -> str | None:
    """The text of a file; None, and a problem more, for one that cannot be read."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        problems.append(Problem(str(path), f"cannot be read: {error.strerror}"))
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        problems.append(Problem(f"{path}:{line}", "is not UTF-8; save the file in that encoding"))
    return None


def validation_problems(
    label: str, lines: Lines, document: dict[str, Any], error: ValidationError, shape: type[BaseModel]
) -> Iterator[Problem]:
    """Everything that does not fit the shape, each at its line."""
    for one in error.errors(include_url=False):
        words = _words(_as_written(one, document), shape)
        yield Problem(f"{label}:{lines.of(one['loc'])}", words)


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


def syntax_problem(label: str, text: str, error: tomllib.TOMLDecodeError) -> Problem:
    """Where a text ceases to be TOML, and why."""
    message = str(error)
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    cause = message[: place.start()] if place else message
    return Problem(f"{label}:{line}", f"is not valid TOML: {cause[:1].lower()}{cause[1:]}")


# --- the words of a problem -------------------------------------------------------------------------------------------


def _words(error: ErrorDetails, shape: type[BaseModel]) -> str:
    path = error["loc"]
    name = _dotted(path)
    match error["type"]:
        case "extra_forbidden":
            known = sorted(_allowed_keys(path[:-1], shape))
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


def _allowed_keys(path: tuple[str | int, ...], shape: type[BaseModel]) -> set[str]:
    """The keys of the table at a path, found by walking the models."""
    model: type[BaseModel] | None = shape
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
