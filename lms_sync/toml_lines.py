"""Where each key of a TOML text stands: `tomllib` gives values, and an operator needs lines.

Owns the walk over a text that `tomllib` has already accepted. Must not know what the keys mean, nor judge the text.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right
from collections.abc import Sequence

Path = tuple[str | int, ...]
"""Keys and list indexes from the outermost in: `("grade_item", 3, "title", 0)`."""


class Lines:
    """The line, from 1, of every table, key and list element of a TOML text."""

    def __init__(self, text: str) -> None:
        # An index may be asked for as "3": a list and a table never stand in one place.
        self._lines = {tuple(map(str, path)): line for path, line in _Walk(text).run().items()}

    def find(self, path: Sequence[str | int]) -> int | None:
        """The line of the path, or of its nearest parent that is written down; None for the document itself."""
        asked = tuple(map(str, path))
        return next((line for length in range(len(asked), 0, -1) if (line := self._lines.get(asked[:length]))), None)

    def of(self, path: Sequence[str | int]) -> int:
        """The same, and 1 for the document itself."""
        return self.find(path) or 1


class _Walk:
    def __init__(self, text: str) -> None:
        # tomllib reads CRLF as LF and takes no other control character for a line's end.
        self.text = text.replace("\r\n", "\n")
        self.position = 0
        self.newlines = [index for index, char in enumerate(self.text) if char == "\n"]
        self.arrays: dict[Path, int] = {}
        self.lines: dict[Path, int] = {}

    def run(self) -> dict[Path, int]:
        table: Path = ()
        self.skip_blank()
        while self.position < len(self.text):
            if self.text[self.position] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.skip_blank()
        return self.lines

    def header(self) -> Path:
        start, array = self.position, self.text.startswith("[[", self.position)
        self.position += 2 if array else 1
        keys = self.keys()
        self.position += 2 if array else 1
        path = (*self.resolve(keys[:-1]), keys[-1])
        if array:
            self.arrays[path] = self.arrays.get(path, -1) + 1
        if path in self.arrays:
            path += (self.arrays[path],)
        for length in range(1, len(path) + 1):  # tables that only a longer header names begin here too
            self.note(path[:length], start)
        return path

    def resolve(self, keys: list[str]) -> Path:
        path: Path = ()
        for key in keys:
            path += (key,)
            if path in self.arrays:
                path += (self.arrays[path],)
        return path

    def pair(self, table: Path) -> None:
        start = self.position
        path = table
        for key in self.keys():
            path += (key,)
            self.note(path, start)
        self.position += 1  # the equals sign
        self.skip_spaces()
        self.value(path)

    def keys(self) -> list[str]:
        """The parts of a dotted key; leaves the position at what follows: `=` or `]`."""
        parts = []
        while True:
            self.skip_spaces()
            start = self.position
            if self.text[start] in "\"'":
                self.skip_string()
            else:
                while self.text[self.position] not in " \t.=]":
                    self.position += 1
            parts.append(_decoded(self.text[start : self.position]))
            self.skip_spaces()
            if self.text[self.position] != ".":
                return parts
            self.position += 1

    def value(self, path: Path) -> None:
        opening = self.text[self.position]
        if opening in "\"'":
            self.skip_string()
        elif opening == "[":
            self.elements(path)
        elif opening == "{":
            self.members(path)
        else:
            while self.position < len(self.text) and self.text[self.position] not in ",]}#\n":
                self.position += 1

    def elements(self, path: Path) -> None:
        self.position += 1
        self.skip_blank(commas=True)
        index = 0
        while self.text[self.position] != "]":
            self.note((*path, index), self.position)
            self.value((*path, index))
            self.skip_blank(commas=True)
            index += 1
        self.position += 1

    def members(self, path: Path) -> None:
        self.position += 1
        self.skip_blank(commas=True)
        while self.text[self.position] != "}":
            self.pair(path)
            self.skip_blank(commas=True)
        self.position += 1

    def skip_string(self) -> None:
        quote = self.text[self.position]
        long = self.text.startswith(quote * 3, self.position)
        closing = quote * 3 if long else quote
        self.position += len(closing)
        while not self.text.startswith(closing, self.position):
            self.position += 2 if quote == '"' and self.text[self.position] == "\\" else 1
        self.position += len(closing)
        while long and self.text.startswith(quote, self.position):  # up to two quotes may stand before the closing ones
            self.position += 1

    def skip_spaces(self) -> None:
        while self.position < len(self.text) and self.text[self.position] in " \t":
            self.position += 1

    def skip_blank(self, *, commas: bool = False) -> None:
        skipped = " \t\n," if commas else " \t\n"
        while self.position < len(self.text):
            if self.text[self.position] == "#":
                end = self.text.find("\n", self.position)
                self.position = len(self.text) if end < 0 else end
            elif self.text[self.position] in skipped:
                self.position += 1
            else:
                return

    def note(self, path: Path, position: int) -> None:
        self.lines.setdefault(path, bisect_right(self.newlines, position - 1) + 1)


def _decoded(key: str) -> str:
    return next(iter(tomllib.loads(f"{key} = 0"))) if key[0] in "\"'" else key
