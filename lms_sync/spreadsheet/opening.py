"""Opens a file as a table by what is in it, whatever it is called, and says of what is none why it is not."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lms_sync.errors import ConfigError
from lms_sync.spreadsheet.csv_file import open_csv
from lms_sync.spreadsheet.sheet import Sheet, SheetOptions
from lms_sync.spreadsheet.xlsx_file import open_xlsx

LARGEST_FILE = 512 * 1024 * 1024

_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # what Excel wrote until 2003, and what holds an encrypted XLSX now
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PROTECTED = "is protected by a password: save it without one (File, Info, Protect Workbook)"
_OTHERS = (
    (b"%PDF", "is a PDF"),
    (b"{\\rtf", "is an RTF document"),
    (b"\x1f\x8b", "is a gzip archive: unpack it"),
    (b"Rar!", "is a RAR archive: unpack it"),
    (b"7z\xbc\xaf", "is a 7z archive: unpack it"),
    (b"\x89PNG", "is a picture"),
    (b"\xff\xd8\xff", "is a picture"),
)


@contextmanager
def open_sheet(path: Path, options: SheetOptions) -> Iterator[Sheet]:
    """The table in a file. Raises ConfigError, one sentence, for what cannot be read as one."""
    start = _start_of(path)
    if start.startswith(b"PK"):
        _refuse_other_archives(path)
        with open_xlsx(path, options.sheet) as sheet:
            yield sheet
        return
    _refuse_what_is_no_text(path, start)
    if options.sheet:
        raise ConfigError(f"{path} is a text file and has no sheets: leave `sheet` out.")
    yield open_csv(path, options.encoding, options.delimiter)


def _start_of(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ConfigError(f"{path} is larger than {LARGEST_FILE // 1024**2} MiB: take it over in parts.")
        with path.open("rb") as stream:
            start = stream.read(4096)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from None
    if not start:
        raise ConfigError(f"{path} is empty.")
    return start


def _refuse_what_is_no_text(path: Path, start: bytes) -> None:
    if start.startswith(_COMPOUND):
        told = _PROTECTED if _ENCRYPTED in path.read_bytes() else "is of the old Excel format: save it as XLSX"
        raise ConfigError(f"{path} {told}.")
    for magic, told in _OTHERS:
        if start.startswith(magic):
            raise ConfigError(f"{path} {told}, not a table: give a CSV or XLSX file.")
    if start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise ConfigError(
            f"{path} is a web page or XML, whatever it is called: open it in a spreadsheet, save as XLSX."
        )


def _refuse_other_archives(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            form = archive.read("mimetype")[:200] if "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError):
        raise ConfigError(f"{path} is a damaged XLSX file or archive: save it anew.") from None
    if b"opendocument" in form:
        raise ConfigError(f"{path} is an OpenDocument file: save it as XLSX or CSV.")
    if "xl/workbook.bin" in names:
        raise ConfigError(f"{path} is a binary workbook (XLSB): save it as XLSX.")
    if "word/document.xml" in names:
        raise ConfigError(f"{path} is a Word document: copy its table into a spreadsheet and save that as XLSX.")
    if "[Content_Types].xml" not in names:
        raise ConfigError(f"{path} is an archive, not a table: unpack it and give the CSV or XLSX file.")
