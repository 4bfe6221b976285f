"""Where each key of a TOML text stands: `tomllib` gives values, and an operator needs lines.

Owns finding lines. Must not know what the keys mean, nor judge the text: it is given only texts that `tomllib` took.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Path = tuple[str, ...]

_STRING = r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''
_TOKEN = re.compile(rf"(?P<string>{_STRING})|(?P<comment>#[^\n]*)|(?P<open>[\[{{])|(?P<close>[\]}}])|(?P<end>\n)", re.S)
_KEY = r'(?:"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|[A-Za-z0-9_-]+)'
_DOTTED = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_HEADER = re.compile(rf"[ \t]*(?P<brackets>\[\[?)[ \t]*(?P<key>{_DOTTED})[ \t]*\]\]?")
_ENTRY = re.compile(rf"[ \t]*(?P<key>{_DOTTED})[ \t]*=")


def key_lines(text: str) -> dict[Path, int]:
    """The line (from 1) of every table header and every key that starts a line. Array tables count their tables:
    the second `[[rule]]` is `("rule", "1")`.
    """
    lines: dict[Path, int] = {}
    table: Path = ()
    tables_of: dict[Path, int] = {}
    for number, statement in _statements(text.replace("\r\n", "\n")):
        if header := _HEADER.match(statement):
            table = _split(header["key"])
            lines.setdefault(table, number)
            if header["brackets"] == "[[":
                count = tables_of.get(table, 0)
                tables_of[table] = count + 1
                table = (*table, str(count))
        elif entry := _ENTRY.match(statement):
            path = (*table, *_split(entry["key"]))
            for length in range(len(table) + 1, len(path) + 1):
                lines.setdefault(path[:length], number)
            continue
        lines.setdefault(table, number)
    return lines


def line_of(lines: Mapping[Path, int], path: Path) -> int | None:
    """The line of a key, or of the nearest key around it; None for the file as a whole."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _statements(text: str) -> list[tuple[int, str]]:
    """(line, text) of each header or entry; one that spans lines is one statement."""
    found, start, depth = [], 0, 0
    for token in _TOKEN.finditer(text + "\n"):
        if token["open"]:
            depth += 1
        elif token["close"]:
            depth -= 1
        elif token["end"] and depth == 0:
            found.append((text.count("\n", 0, start) + 1, text[start : token.start()]))
            start = token.end()
    return [(line, statement) for line, statement in found if statement.strip()]


def _split(dotted: str) -> Path:
    return tuple(_plain(part) for part in re.findall(_KEY, dotted))


def _plain(key: str) -> str:
    return key[1:-1] if key[0] in "\"'" else key
