"""How days are written in a table: `DD.MM.YYYY` and its kin, and «2 марта 2026 г.».

Owns these forms. Must not know whose days they are.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip

_PARTS = {
    "YYYY": r"(?P<year>[0-9]{4})",
    "YY": r"(?P<short>[0-9]{2})",
    "MMMM": rf"(?P<name>{'|'.join(MONTHS)})",
    "MM": r"(?P<month>[0-9]{1,2})",
    "DD": r"(?P<day>[0-9]{1,2})",
}
_PART = re.compile("|".join(_PARTS))
_IN_RUSSIAN = str.maketrans("ДМГ", "DMY")
_MIDNIGHT_OR_YEAR = re.compile(r"(?: 0?0:00(?::00)?| ?г\.?| ?года)?")


@dataclass(frozen=True)
class DateForm:
    """One way to write a day. Made by `parse`."""

    text: str
    pattern: re.Pattern[str] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> DateForm:
        """The form that a text of YYYY or YY, MM or MMMM (a month's name) and DD describes. Raises ValueError."""
        form = text.translate(_IN_RUSSIAN)
        parts = _PART.findall(form)
        if sorted(part[0] for part in parts) != ["D", "M", "Y"] or re.search("[0-9A-Za-z]", _PART.sub("", form)):
            raise ValueError("must name day, month and year once each, as DD.MM.YYYY, DD.MM.YY or DD MMMM YYYY")
        pattern, end = "", 0
        for match in _PART.finditer(form):
            pattern += re.escape(form[end : match.start()]) + _PARTS[match[0]]
            end = match.end()
        pattern += re.escape(form[end:]) + _MIDNIGHT_OR_YEAR.pattern
        return cls(text, re.compile(pattern, re.IGNORECASE))

    def read(self, text: str, today: dt.date) -> dt.date | None:
        """The day that a text of this form names; None for another text or a day that there is not.

        Two digits of a year mean the latest such year that has begun.
        """
        found = self.pattern.fullmatch(text)
        if found is None:
            return None
        groups = found.groupdict()
        month = int(groups["month"]) if groups.get("month") else MONTHS.index(groups["name"].lower()) + 1
        year = int(groups["year"]) if groups.get("year") else _full_year(int(groups["short"]), today)
        try:
            return dt.date(year, month, int(groups["day"]))
        except ValueError:
            return None


def _full_year(short: int, today: dt.date) -> int:
    year = today.year // 100 * 100 + short
    return year if year <= today.year else year - 100


USUAL = tuple(map(DateForm.parse, ("DD.MM.YYYY", "YYYY-MM-DD")))
"""What is read when nothing else is said."""
