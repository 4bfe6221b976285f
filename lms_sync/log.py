"""Logging: one setting for all of lms-sync and its libraries, and the redaction of secrets.

Owns the shape of a log line and what may never be in one. Must not know where a secret comes from: whoever reads one
registers it here, and from then on it is taken out of every line and every message that passes through `redact`.
Log lines go to stderr and carry identifiers and counts only, never a record.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO
from urllib.parse import quote, quote_plus

import structlog

MASK = "***"
_SHORTEST = 4  # taking shorter texts out would eat ordinary words

_SECRET_KEY = re.compile(r"token|password|passwd|secret|authorization|cookie|api_?key|private_?key|salt", re.I)
# The last alternative is the password of a URL; the first two are form fields and JSON members.
_SECRET_TEXT = re.compile(
    r"(?P<field>\b(?:ws)?(?:token|password|passwd|secret)=)[^&\s\"',;)]+"
    r"|(?P<member>\"(?:ws)?(?:token|password|passwd|secret|authorization)\"\s*:\s*)\"[^\"]*\""
    r"|(?P<user>://[^/\s:@]*:)[^/\s@]+(?=@)",
    re.I,
)
_secrets: set[str] = set()


def register_secret(value: str) -> None:
    """From now on `value`, in every spelling a URL or JSON gives it, appears in no log line or message."""
    if len(value) >= _SHORTEST:
        _secrets.update({value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1]})


def redact(text: str) -> str:
    """The text without registered secrets and without what looks like one."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return _SECRET_TEXT.sub(_mask_match, text)


def get_logger(name: str) -> Any:
    """A structured logger. Usage: `log.info("pull finished", source=name, run=run_id)`."""
    return structlog.get_logger(name)


def configure(level: str = "info", style: str = "auto", stream: TextIO | None = None) -> None:
    """Sets up logging for the whole process. `style` is json, console, or auto: console on a terminal, else json."""
    stream = stream or sys.stderr
    console = style == "console" or (style == "auto" and stream.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.format_exc_info,
        _redact_keys,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        _RedactingFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer(colors=stream.isatty(), timestamp_key="time")
                if console
                else structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    _quieten_libraries(root.level)


def _quieten_libraries(level: int) -> None:
    # At debug these write request lines, job reprs and SQL parameters: never a body, never a learner's name.
    for name in ("urllib3", "requests", "sqlalchemy", "alembic", "apscheduler", "filelock", "charset_normalizer"):
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


class _RedactingFormatter(structlog.stdlib.ProcessorFormatter):
    """Redacts the finished line, so that no way of writing into it is forgotten."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def _redact_keys(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _masked(key, value) for key, value in event.items()}


def _masked(key: object, value: object) -> object:
    if isinstance(key, str) and _SECRET_KEY.search(key) and value not in (None, ""):
        return MASK
    if isinstance(value, MutableMapping):
        return {inner: _masked(inner, item) for inner, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked("", item) for item in value]
    return value


def _mask_match(found: re.Match[str]) -> str:
    if found["member"]:
        return f'{found["member"]}"{MASK}"'
    return f"{found['field'] or found['user']}{MASK}"


def where_of(error: BaseException) -> str:
    """`file:line` of the innermost frame of ours that an error passed through: safe to log, for it holds no values."""
    where, frame = "", error.__traceback__
    while frame:
        code = frame.tb_frame.f_code
        if "lms_sync" in code.co_filename or not where:
            where = f"{code.co_filename.rsplit('/', 1)[-1]}:{frame.tb_lineno}"
        frame = frame.tb_next
    return where
