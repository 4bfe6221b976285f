"""Numbers of protocols and documents: a template, the series it counts in, and the text of one number.

Owns what a template may be, so that no two numbers of one template are ever written alike. Must not know protocols,
documents or which numbers are taken: the counter of a series is the store's.

A template is text with `{number}` (or `{number:03}`: at least three digits), the closing day's `{year}`, `{month}`
and `{day}`, and `{group}` and `{course}`, which may hold any text. Group and course do not begin a count of their own:
within a series every protocol has another ordinal. A number can be read back into its series and ordinal, whatever
group and course hold, because `parse` refuses a template where that text could be taken for a part of the count.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from lms_sync.mapping.text import one_line

_FIELD = re.compile(r"\{([a-z]+)(?::0([1-9]))?\}")
_WIDTHS = {"year": 4, "month": 2, "day": 2}
_FREE = ("group", "course")
_DIGITS = frozenset("0123456789")
_KNOWN = "{number}, {number:03}, {year}, {month}, {day}, {group} and {course}"


@dataclass(frozen=True)
class Piece:
    """A part of a template: a text that stands in every number (`field` is empty), or a field.

    `width` is the least number of digits of `{number}`, the exact one of a part of a date, and 0 for a text.
    """

    text: str
    field: str = ""
    width: int = 0

    @property
    def is_free(self) -> bool:
        """Whether it may hold any text."""
        return self.field in _FREE


@dataclass(frozen=True)
class NumberTemplate:
    """A sound template of a protocol's number. Made by `parse`."""

    text: str
    pieces: tuple[Piece, ...] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> NumberTemplate:
        """The template that the text writes. Raises ValueError, one sentence, for what gives no dependable numbers."""
        if text != one_line(text) or not text:
            raise ValueError("must be one line without doubled blanks or blanks at its ends")
        pieces = _pieces(text)
        fields = [piece.field for piece in pieces if piece.field]
        if fields.count("number") != 1:
            raise ValueError("must hold {number} once")
        if doubled := sorted({name for name in fields if fields.count(name) > 1}):
            raise ValueError(f"holds {{{doubled[0]}}} twice; leave one")
        if ("month" in fields and "year" not in fields) or ("day" in fields and "month" not in fields):
            raise ValueError("a part of a date needs the greater ones: {day} needs {month}, and {month} needs {year}")
        _refuse_what_cannot_be_read_back(pieces)
        return cls(text, tuple(pieces))

    @property
    def fields(self) -> frozenset[str]:
        """The names of its fields."""
        return frozenset(piece.field for piece in self.pieces if piece.field)

    @property
    def form(self) -> str:
        """The template without regard to how many digits `{number}` is given: what the count depends on."""
        return "".join(piece.text for piece in self.pieces)

    def series(self, day: dt.date) -> str:
        """The name of the count that a protocol closed on the day belongs to: the form with its date filled in.

        Padding is no part of it, so that a template that is later given more digits counts on, not anew.
        """
        dates = _date_texts(day)
        return "".join(dates.get(piece.field, piece.text) for piece in self.pieces)

    def render(self, ordinal: int, day: dt.date, *, group: str = "", course: str = "") -> str:
        """The number of the `ordinal`th protocol (from 1) of the day's series. Raises ValueError for one below 1."""
        if ordinal < 1:
            raise ValueError("a series is counted from 1 on")
        texts = {"group": one_line(group), "course": one_line(course)} | _date_texts(day)
        return "".join(
            str(ordinal).zfill(piece.width) if piece.field == "number" else texts.get(piece.field, piece.text)
            for piece in self.pieces
        )

    def ordinal(self, number: str, day: dt.date) -> int | None:
        """The place in the day's series that a number written by this template has; None for any other text.

        Only for a template without free texts. Digits may be padded otherwise than `render` does.
        """
        dates = _date_texts(day)
        parts = [
            "([0-9]+)" if piece.field == "number" else re.escape(dates.get(piece.field, piece.text))
            for piece in self.pieces
        ]
        found = re.fullmatch("".join(parts), number)
        return int(found[1]) or None if found else None

    def place_of(self, number: str) -> tuple[str, int] | None:
        """The series and the place in it that a number has by its own text, whatever its day; None for another text.

        Only for a template without free texts. Nine digits at most count: no series gets that far.
        """
        found = _reading_pattern(self).fullmatch(number)
        if found is None or not 0 < (ordinal := int(found["number"])) < 10**9:
            return None
        dates = {name: digits for name, digits in found.groupdict().items() if name != "number"}
        return "".join(dates.get(piece.field, piece.text) for piece in self.pieces), ordinal

    def may_render_like(self, other: NumberTemplate) -> bool:
        """Whether some number of this template could be written like some number of the other: of any day and group.

        Walks both at once over every text that they could share, as two finite automata.
        """
        mine, theirs = _marks(self.pieces), _marks(other.pieces)
        seen, waiting = {(0, 0)}, [(0, 0)]
        while waiting:
            here = waiting.pop()
            if here == (len(mine), len(theirs)):
                return True
            new = set(_steps(mine, theirs, *here)) - seen
            seen |= new
            waiting += new
        return False


@lru_cache(maxsize=256)
def _reading_pattern(template: NumberTemplate) -> re.Pattern[str]:
    parts = {"number": "(?P<number>[0-9]+)"} | {
        name: f"(?P<{name}>[0-9]{{{width}}})" for name, width in _WIDTHS.items()
    }
    return re.compile("".join(parts.get(piece.field, re.escape(piece.text)) for piece in template.pieces))


_Mark = tuple[frozenset[str] | None, bool]
"""Which characters may stand in a place (None: any), and whether any number of them, none too, may."""


def _marks(pieces: Sequence[Piece]) -> list[_Mark]:
    marks = list[_Mark]()
    for piece in pieces:
        if piece.is_free:
            marks.append((None, True))
        elif piece.field == "number":
            first = _DIGITS - {"0"} if piece.width == 1 else _DIGITS
            marks += [(first, False), *[(_DIGITS, False)] * (piece.width - 1), (_DIGITS, True)]
        elif piece.field:
            marks += [(_DIGITS, False)] * piece.width
        else:
            marks += [(frozenset(char), False) for char in piece.text]
    return marks


def _steps(mine: Sequence[_Mark], theirs: Sequence[_Mark], one: int, other: int) -> Iterator[tuple[int, int]]:
    """The places that the next character, or leaving a repetition, may lead to."""
    at_one = mine[one] if one < len(mine) else None
    at_other = theirs[other] if other < len(theirs) else None
    if at_one and at_one[1]:
        yield one + 1, other
    if at_other and at_other[1]:
        yield one, other + 1
    if at_one and at_other and (at_one[0] is None or at_other[0] is None or at_one[0] & at_other[0]):
        yield one + (not at_one[1]), other + (not at_other[1])


def _pieces(text: str) -> list[Piece]:
    pieces, end = list[Piece](), 0
    for match in _FIELD.finditer(text):
        pieces += _literal(text[end : match.start()])
        name, padding = match[1], match[2]
        if name not in ("number", *_WIDTHS, *_FREE):
            raise ValueError(f"there is no field {{{name}}}; known are {_KNOWN}")
        if padding and name != "number":
            raise ValueError(f"{{{name}}} takes no number of digits; only {{number}} does")
        width = int(padding or 1) if name == "number" else _WIDTHS.get(name, 0)
        pieces.append(Piece(f"{{{name}}}", name, width))
        end = match.end()
    return pieces + _literal(text[end:])


def _literal(text: str) -> list[Piece]:
    if "{" in text or "}" in text:
        raise ValueError(f"a brace stands where no field does; known are {_KNOWN}")
    return [Piece(text)] if text else []


def _date_texts(day: dt.date) -> dict[str, str]:
    return {"year": f"{day.year:04d}", "month": f"{day.month:02d}", "day": f"{day.day:02d}"}


def _refuse_what_cannot_be_read_back(pieces: Sequence[Piece]) -> None:
    """Free texts split a template into a side before and a side after them; each side is read from its own end.

    Parts of a date have a fixed length. The count has not: on its inner side a text that begins with no digit must
    close it. With no free text the count is whatever the fixed lengths leave.
    """
    free = [index for index, piece in enumerate(pieces) if piece.is_free]
    if not free:
        return
    if any(piece.field and not piece.is_free for piece in pieces[free[0] : free[-1]]):
        raise ValueError("only plain text may stand between {group} and {course}: the rest could not be told apart")
    number = next(index for index, piece in enumerate(pieces) if piece.field == "number")
    inner, edge = (pieces[number + 1], 0) if number < free[0] else (pieces[number - 1], -1)
    if inner.field or inner.text[edge].isdigit():
        raise ValueError(
            "a text that is no digit, as - or /, must stand beside {number} on the side of {group} or {course}"
        )
