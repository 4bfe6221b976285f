"""CSV files: the encoding and the delimiter, said or guessed, and the rows.

A number of a row is that of its record, as a spreadsheet counts: a quoted line feed begins no row.
"""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from lms_sync.errors import ConfigError
from lms_sync.spreadsheet.sheet import MOST_COLUMNS, MOST_ROWS, Area, Cell, CellKind, Row

_CODECS = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "windows-1251": "cp1251"}
_NAMES = {"utf-8": "UTF-8", "utf-16": "UTF-16", "windows-1251": "Windows-1251"}
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = {";": "semicolons", ",": "commas", "\t": "tabs", "|": "bars"}
_LOOKED_AT = 50  # rows that the delimiter is guessed by
_BLOCK = 1024 * 1024
_LONGEST_FIELD = 131_072


@dataclass(frozen=True)
class CsvSheet:
    """A CSV file, read anew each time."""

    path: Path
    codec: str
    delimiter: str
    notes: list[str]
    is_text = True

    @property
    def merged(self) -> list[Area]:
        """A text has none."""
        return []

    def rows(self, columns: Collection[int] | None = None) -> Iterator[Row]:
        """See `Sheet.rows`."""
        for number, fields in enumerate(_records(self.path, self.codec, self.delimiter), 1):
            if number > MOST_ROWS:
                raise ConfigError(f"{self.path} has more than {MOST_ROWS} rows: take it over in parts.")
            wanted = range(min(len(fields), MOST_COLUMNS)) if columns is None else columns
            cells = {
                index: Cell(CellKind.TEXT, fields[index])
                for index in wanted
                if index < len(fields) and fields[index].strip()
            }
            if cells:
                yield Row(number, cells)


def open_csv(path: Path, encoding: str, delimiter: str) -> CsvSheet:
    """The file as a table; what is empty is guessed. Raises ConfigError for a text in another encoding, or no text."""
    notes = []
    found = _encoding_of(path)
    if not encoding:
        notes.append(f"The encoding is taken for {_NAMES[found]}.")
    elif encoding != found:
        _refuse_other_encoding(path, encoding, found)
    codec = _CODECS[encoding or found]
    if not delimiter:
        delimiter = _delimiter_of(path, codec)
        notes.append(f"The columns are taken to be parted by {_DELIMITERS[delimiter]}.")
    return CsvSheet(path, codec, delimiter, notes)


def _encoding_of(path: Path) -> str:
    """By the mark at its beginning, else UTF-8 where the whole file is that, else Windows-1251."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    valid = True
    with path.open("rb") as stream:
        start = stream.read(4)
        for mark, name in _MARKS:
            if start.startswith(mark):
                return name
        stream.seek(0)
        while block := stream.read(_BLOCK):
            if b"\0" in block:
                raise ConfigError(f"{path} is no text, or UTF-16 without a mark: save it as CSV in UTF-8.")
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                valid = False
                decoder.reset()
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        valid = False
    return "utf-8" if valid else "windows-1251"


def _refuse_other_encoding(path: Path, said: str, found: str) -> None:
    """Whatever is UTF-8 by its letters is nothing else; plain ASCII is as well what was said."""
    with path.open("rb") as stream:
        plain = all(block.isascii() for block in iter(lambda: stream.read(_BLOCK), b""))
    if not plain or said == "utf-16":
        raise ConfigError(
            f"{path} is not {_NAMES[said]}, as `encoding` says, but rather {_NAMES[found]}: correct or drop `encoding`."
        )


def _delimiter_of(path: Path, codec: str) -> str:
    """The one that parts the first rows into most columns, as alike as can be."""
    best, most = ";", 1
    for delimiter in _DELIMITERS:
        try:
            counts = Counter(len(fields) for fields in islice(_records(path, codec, delimiter), _LOOKED_AT) if fields)
        except ConfigError:
            continue
        width, rows = max(counts.items(), key=lambda one: (one[1], one[0]), default=(1, 0))
        if rows and width > most:
            best, most = delimiter, width
    return best


def _records(path: Path, codec: str, delimiter: str) -> Iterator[list[str]]:
    place = 0
    try:
        with path.open(encoding=codec, newline="") as stream:
            for fields in csv.reader(stream, delimiter=delimiter):
                place += 1
                yield fields
    except UnicodeDecodeError:
        raise ConfigError(f"{path} holds bytes after row {place} that are no text: save it anew as UTF-8.") from None
    except csv.Error:
        raise ConfigError(
            f"Row {place + 1} of {path} cannot be read: look for a quotation mark that is not closed, "
            f"or a text of more than {_LONGEST_FIELD} characters."
        ) from None
