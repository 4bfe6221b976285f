"""How PHP and Moodle read a form and write values: the wire's habits, without any function's meaning."""

from __future__ import annotations

import codecs
import json
import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from urllib.parse import unquote_plus
from xml.sax.saxutils import escape, quoteattr

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_KEY_PART = re.compile(r"\[([^\]]*)\]")
_TAG = re.compile(r"<(?!\s)[^>]*(?:>|$)")
_LONE_AMPERSAND = re.compile(r"&(?![a-zA-Z0-9#]{1,8};)")


def _json_escape(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError)
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


codecs.register_error("sandbox-json-escape", _json_escape)


def to_json(value: Any) -> bytes:
    """JSON as PHP's ``json_encode`` writes it: ASCII only, slashes escaped, ``Decimal`` as plain numbers."""
    text = _ENCODER.encode(value)
    if not text.isascii():
        text = text.decode().encode("ascii", "sandbox-json-escape")
    return text.replace(b"/", b"\\/")


def to_xml(value: Any) -> bytes:
    """An answer in Moodle's XML, which it uses when ``moodlewsrestformat`` is anything but ``json``."""
    return f'<?xml version="1.0" encoding="UTF-8" ?>\n<RESPONSE>\n{_xml(value)}</RESPONSE>\n'.encode()


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        keys = "".join(f"<KEY name={quoteattr(name)}>{_xml(part)}</KEY>\n" for name, part in value.items())
        return f"<SINGLE>\n{keys}</SINGLE>\n"
    if isinstance(value, list):
        return f"<MULTIPLE>\n{''.join(map(_xml, value))}</MULTIPLE>\n"
    if value is None:
        return '<VALUE null="null"/>\n'
    text = str(int(value)) if isinstance(value, bool) else str(value)
    return f"<VALUE>{escape(text)}</VALUE>\n"


def number(value: Decimal | None) -> int | Decimal | None:
    """A value as PHP prints a float: ``60`` for 60.00000, ``33.33333`` as it is."""
    if value is None:
        return None
    whole = int(value)
    return whole if whole == value else value.normalize()


def php_float(value: Decimal) -> int | Decimal:
    """A computed value that never went through a database column: PHP prints the shortest exact float."""
    shortest = number(Decimal(repr(float(value))))
    assert shortest is not None
    return shortest


def fixed(value: Decimal, places: int, point: str) -> str:
    """``format_float``: rounded half up, with the language's decimal point."""
    text = format(value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), "f")
    return text.replace(".", point)


def parse_form(text: str, max_input_vars: int) -> dict[str, Any]:
    """Read an urlencoded form as PHP does: ``a[0][b]=c`` becomes nested arrays, and every variable beyond
    ``max_input_vars`` is dropped without a word."""
    fields: dict[str, Any] = {}
    pairs = [pair for pair in text.split("&") if pair]
    for pair in pairs[:max_input_vars]:
        name, _, value = pair.partition("=")
        _assign(fields, unquote_plus(name), unquote_plus(value))
    return fields


def _assign(fields: dict[str, Any], name: str, value: str) -> None:
    base, bracket, rest = name.partition("[")
    parts = [base, *_KEY_PART.findall(bracket + rest)]
    target = fields
    for part in parts[:-1]:
        inner = target.setdefault(part or str(len(target)), {})
        if not isinstance(inner, dict):
            inner = target[part] = {}
        target = inner
    target[parts[-1] or str(len(target))] = value


def integer(text: str) -> int:
    """PHP's cast: the leading digits, 0 when there are none."""
    leading = re.match(r"\s*[+-]?\d+", text)
    return int(leading[0]) if leading else 0


def strip_tags(text: str) -> str:
    """The text without anything that looks like a tag, as PHP's function leaves it."""
    return _TAG.sub("", text)


def has_tags(text: str) -> bool:
    """Whether Moodle's cleaning would change the text, which fails a whole answer (``invalidresponse``)."""
    return "<" in text and strip_tags(text) != text


def format_string(text: str) -> str:
    """A name as Moodle's ``format_string`` shows it: escaped once and stripped of tags."""
    if "&" not in text and "<" not in text and ">" not in text:
        return text
    stripped = strip_tags(_LONE_AMPERSAND.sub("&amp;", text))
    return stripped.replace("<", "&lt;").replace(">", "&gt;")
