"""Checks of single values of the configuration, and the wording of what pydantic finds.

Owns the sentences an operator reads about the file. Must not know the settings' models, and never repeats a value of
the file: any of them may be a secret in the wrong place.
"""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ValidationError

from lms_sync.errors import Problem
from lms_sync.log import register_secret
from lms_sync.private import why_not_private
from lms_sync.toml_lines import Lines

_TYPES = {
    "string_type": "must be a text in quotes",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "decimal_type": "must be a number",
    "is_instance_of": "must be a number",
    "bool_type": "must be true or false",
    "list_type": 'must be a list like ["one", "two"]',
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "time_delta_type": "must be a length of time in quotes, like 15m",
    "missing": "is missing",
}
_SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True)
class Place:
    """Turns a dotted key into words an operator can find in the file."""

    path: Path
    lines: Lines

    def problem(self, key: tuple[str, ...], message: str) -> Problem:
        """A problem whose `where` is `line 7, sources.academy.url`."""
        line = self.lines.find(key)
        dotted = ".".join(key)
        return Problem(f"line {line}, {dotted}" if line else dotted, message)


def by_line(problem: Problem) -> tuple[int, str]:
    """Sorts problems by line; those without one come first."""
    found = re.match(r"line (\d+)", problem.where)
    return (int(found[1]) if found else 0), problem.where


def explain(
    error: ValidationError, model: type[BaseModel], place: Place, prefix: tuple[str, ...] = ()
) -> list[Problem]:
    """Each thing that `model` found wrong in the table at `prefix`, in our words and with its line."""
    problems = []
    for fault in error.errors(include_url=False, include_input=False):
        path = tuple(str(part) for part in fault["loc"])
        problems.append(place.problem((*prefix, *path), _sentence(fault, path, model)))
    return problems


def _sentence(fault: Any, path: tuple[str, ...], model: type[BaseModel]) -> str:
    kind: str = fault["type"]
    if kind == "extra_forbidden":
        return _unknown_key(path[-1], _known_keys(model, path))
    if kind == "value_error":
        return str(fault["ctx"]["error"])
    text: str = fault["msg"]
    return _TYPES.get(kind) or text.replace("Input should be", "must be")


def _unknown_key(key: str, known: list[str]) -> str:
    if key in {"token", "wstoken", "password", "secret"}:
        return "a secret never stands in this file; put it into a file of its own and name that with token_file"
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    if near:
        return f"unknown key; did you mean {near[0]}?"
    return f"unknown key; known here are {', '.join(known)}" if known else "unknown key; nothing is known here"


def unknown_name(what: str, name: str, known: list[str]) -> str:
    """What to say of a name that a connector does not have. The name itself is not repeated."""
    if not known:
        return f"this connector has no {what}s; take them out"
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"known here are {', '.join(known)}"
    return f"no {what} has this name; {hint}"


def _known_keys(model: type[BaseModel], path: tuple[str, ...]) -> list[str]:
    """The keys of the table that holds the last part of `path`."""
    here: Any = model
    for part in path[:-1]:
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(part)
            here = _table_type(field.annotation) if field else None
        else:
            here = _table_type(get_args(here)[-1]) if get_origin(here) in (dict, list) else None
    return list(here.model_fields) if isinstance(here, type) and issubclass(here, BaseModel) else []


def _table_type(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        return next((part for part in get_args(annotation) if part is not type(None)), None)
    return annotation


def check_source_name(name: str) -> str:
    """A name that can stand in the store and on a command line."""
    if not _SOURCE_NAME.fullmatch(name):
        raise ValueError("a source's name is 1 to 40 small letters, digits, - and _, and starts with one of the first")
    return name


def check_url(text: str) -> str:
    """The address of a site, without a trailing slash."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("not an address; write one like https://lms.example.com") from None
    if parts.scheme not in ("http", "https") or not host or re.search(r"\s", text):
        raise ValueError("not an address; write one like https://lms.example.com")
    if parts.username or parts.password:
        raise ValueError("an address must not hold a name or password; use token_file or token_env")
    if parts.query or parts.fragment or parts.path.endswith(".php"):
        raise ValueError("write the address of the site's front page, without a page, ? or #")
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))


def check_store_url(text: str, folder: Path, *, shown: bool) -> str:
    """The store's URL with its SQLite path made absolute from `folder`. `shown`: others can read where it is written.

    A password in it is registered for redaction.
    """
    prefix = "sqlite:///"
    if text.startswith(prefix) and len(text) > len(prefix) and "?" not in text:
        return f"{prefix}{(folder / text.removeprefix(prefix)).absolute()}"
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "postgresql" or len(parts.path) < 2:
        raise ValueError("write sqlite:///lms-sync.db or postgresql://user@host/database")
    if parts.password:
        register_secret(parts.password)
        if shown:
            raise ValueError(
                "holds a password that others on this machine can read; give this file mode 0600 (chmod 600), "
                "use ~/.pgpass or set LMS_SYNC_STORE_URL"
            )
    return text


def check_secret(table: Mapping[str, Any], folder: Path, environment: Mapping[str, str]) -> str:
    """The secret that `token_env` or `token_file` names, registered for redaction. Raises ValueError."""
    variable, file = table.get("token_env"), table.get("token_file")
    if (variable is None) == (file is None):
        raise ValueError("name the secret with either token_file or token_env")
    if file is not None:
        secret = _secret_of_file(folder / file) if isinstance(file, str) else "?"  # the shape is told elsewhere
    else:
        secret = environment.get(variable, "").strip() if isinstance(variable, str) else "?"
        if not secret:
            raise ValueError(f"the environment variable {variable} is not set; put the token there or use token_file")
    if re.search(r"\s", secret):
        raise ValueError("the secret must be one word: it holds a space or a line break")
    register_secret(secret)
    return secret


def _secret_of_file(path: Path) -> str:
    try:
        if why := why_not_private(path):
            raise ValueError(f"the secret file {path} {why}")
        secret = path.read_text(encoding="utf-8-sig").strip()
    except FileNotFoundError:
        raise ValueError(f"the secret file {path} does not exist; write the token into it and chmod 600 it") from None
    except UnicodeDecodeError:
        raise ValueError(f"the secret file {path} is not a text") from None
    except OSError as error:
        raise ValueError(f"the secret file {path} cannot be read: {error.strerror}") from None
    if not secret:
        raise ValueError(f"the secret file {path} is empty; write the token into it")
    return secret
