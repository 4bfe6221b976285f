"""Workbooks for the tests: sound ones made by the library, hostile ones by changing the parts of a sound one."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import openpyxl

from lms_sync.spreadsheet.opening import open_sheet
from lms_sync.spreadsheet.sheet import Row, Sheet, SheetOptions

SHEET = "xl/worksheets/sheet1.xml"


def book(path: Path, rows: Iterable[Iterable[Any]] = (), change: Callable[[Any], object] | None = None) -> Path:
    """A workbook of one sheet with these rows, changed as told before it is saved."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    sheet.title = "Реестр"
    for row in rows:
        sheet.append(list(row))
    if change is not None:
        change(sheet)
    workbook.save(path)
    return path


def with_part(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """The same file with one part of its archive changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {one.filename: archive.read(one) for one in archive.infolist()}
    parts[name] = change(parts.get(name, b""))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, data in parts.items():
            archive.writestr(part, data)
    return path


def opened(path: Path, **options: str) -> AbstractContextManager[Sheet]:
    """The file as a table."""
    return open_sheet(path, SheetOptions(**options))


def rows_of(path: Path, **options: str) -> list[Row]:
    """Its rows."""
    with opened(path, **options) as sheet:
        return list(sheet.rows())


def texts_of(path: Path, **options: str) -> list[list[str]]:
    """The texts of its cells, row by row."""
    return [[cell.text for cell in row.cells.values()] for row in rows_of(path, **options)]
