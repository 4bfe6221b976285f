"""The closed registry of converters: the only functions that a rule in a mapping file may name.

Owns how one source value becomes one value of a record. Must not know rules or records. Each converter is pure and
raises `Unfit` for a value it cannot take; the message never repeats the value, which may be personal.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from lms_sync.exact import exact_decimal
from lms_sync.mapping import snils
from lms_sync.mapping.text import fold, one_line, storable

FIRST_YEAR = 1900  # the bounds of a date in ФИС ФРДО's templates
LAST_YEAR = 2100
LARGEST_HOURS = 20_000
_LARGEST_WHOLE = 2**31 - 1
FIRST_INSTANT = int(dt.datetime(FIRST_YEAR, 1, 1, tzinfo=dt.UTC).timestamp())
END_OF_INSTANTS = int(dt.datetime(LAST_YEAR + 1, 1, 1, tzinfo=dt.UTC).timestamp())


class Unfit(Exception):
    """A value cannot become what the record needs. `code` is for machines; the text says what to do about it."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True)
class Lookup:
    """A table from words to values; keys are folded. `keep_others` keeps a word that is not in the table as it is."""

    values: Mapping[str, str]
    keep_others: bool = False


@dataclass(frozen=True)
class Setting:
    """What a converter may know beside the value: the site's time zone and the lookup table that the rule names."""

    zone: ZoneInfo
    lookup: Lookup | None = None


@dataclass(frozen=True)
class Converter:
    """A named conversion: what it gives (`text`, `date` or `whole`) and how it is described to people."""

    name: str
    gives: str
    summary: str
    convert: Callable[[object, Setting], object]


# --- plain values, used by every kind of record -----------------------------------------------------------------------


def plain_text(value: object) -> str:
    """A text as the LMS means it, edges trimmed; nothing for None, digits for a whole number."""
    if type(value) is str:
        return storable(value)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        return _digits(value)
    raise Unfit("not_text", "the value is not a text; the connector must give one")


def identifier(value: object) -> str:
    """The LMS's own id as text; raises `Unfit` for anything that identifies nothing."""
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return _digits(value)
    if isinstance(value, str) and (text := storable(value)) and text != "0":
        return text
    raise Unfit("no_id", "the id is missing; a record without an id cannot be kept")


def exact_number(value: object) -> Decimal | None:
    """An exact grade or None. Raises `Unfit` for a float, a text that is no number, or a number of 10^15 and more."""
    if value is None:
        return None
    if not isinstance(value, (Decimal, int, str)):
        raise Unfit("not_exact", "the value is not an exact decimal")
    try:
        return exact_decimal(value)
    except ValueError:
        raise Unfit("not_exact", "the value is not an exact decimal below 10^15") from None


def whole_number(value: object, low: int = 0, high: int = _LARGEST_WHOLE) -> int | None:
    """A whole number between the bounds, or None for None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unfit("not_whole", "the value is not a whole number")
    if not low <= value <= high:
        raise Unfit("out_of_range", f"the number is not between {low} and {high}")
    return value


def instant(value: object) -> dt.datetime | None:
    """An instant in UTC from epoch seconds; None for None and for 0, which the LMS writes for "never"."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unfit("not_epoch", "the time is not a whole number of seconds since 1970")
    if value == 0:
        return None
    if not FIRST_INSTANT <= value < END_OF_INSTANTS:
        raise Unfit("out_of_range", f"the time is outside the years {FIRST_YEAR} to {LAST_YEAR}")
    return dt.datetime.fromtimestamp(value, dt.UTC)


def _digits(value: int) -> str:
    if abs(value) >= 10**30:  # no id is that long, and Python refuses to write numbers of over 4,300 digits
        raise Unfit("out_of_range", "the number is too long to be an id")
    return str(value)


# --- the converters that a mapping file may name ----------------------------------------------------------------------


def _text(value: object, setting: Setting) -> str:
    return plain_text(value)


def _name(value: object, setting: Setting) -> str:
    return one_line(plain_text(value))


def _email(value: object, setting: Setting) -> str:
    text = plain_text(value)
    if text and not re.fullmatch(r"[^@\s]+@[^@\s]+", text):
        raise Unfit("email_invalid", "this is not an e-mail address; correct it in the LMS")
    return text


def _snils(value: object, setting: Setting) -> str:
    text = one_line(plain_text(value)).replace("\u2010", "-").replace("\u2011", "-").replace("\u2013", "-")
    if not text:
        return ""
    number = snils.normalise(text)
    if number is None:
        raise Unfit("snils_form", "a СНИЛС has eleven digits, XXX-XXX-XXX XX; correct it in the LMS")
    if not snils.is_valid(number):
        raise Unfit("snils_check", "the check digits of the СНИЛС are wrong; correct it in the LMS")
    return number


def _date(value: object, setting: Setting) -> dt.date | None:
    text = one_line(plain_text(value))
    return _date_epoch(text, setting) if re.fullmatch(r"-?[0-9]+", text) else _date_text(text, setting)


def _date_epoch(value: object, setting: Setting) -> dt.date | None:
    """The date whose midnight was meant: UTC's own when it is one, else the nearest in the site's zone (noon: its day).

    Profile dates are meant as midnights but are made in another zone as often as not: at UTC midnight (imports), in
    the zone of whoever typed them. The nearest midnight is right for every zone less than twelve hours away.
    """
    text = one_line(plain_text(value))
    if text in ("", "0"):
        return None
    if not re.fullmatch(r"-?[0-9]{1,12}", text):
        raise Unfit("date_invalid", "the date is not a number of seconds since 1970")
    seconds = int(text)
    if not FIRST_INSTANT - 86400 <= seconds <= END_OF_INSTANTS + 86400:
        raise Unfit("date_range", f"the date is outside the years {FIRST_YEAR} to {LAST_YEAR}; correct it in the LMS")
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    local = moment if seconds % 86400 == 0 else moment.astimezone(setting.zone)
    past_noon = local.time() > dt.time(12)
    return _bounded_date(local.date() + dt.timedelta(days=1 if past_noon else 0))


def _date_text(value: object, setting: Setting) -> dt.date | None:
    text = one_line(plain_text(value))
    if not text:
        return None
    iso = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", text)
    russian = re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})(?: ?г\.?)?", text)
    if iso:
        year, month, day = (int(part) for part in iso.groups())
    elif russian:
        day, month, year = (int(part) for part in russian.groups())
    else:
        raise Unfit("date_invalid", "a date is written 2026-12-31 or 31.12.2026; correct it in the LMS")
    try:
        return _bounded_date(dt.date(year, month, day))
    except ValueError:
        raise Unfit("date_invalid", "there is no such day; correct it in the LMS") from None


def _bounded_date(date: dt.date) -> dt.date:
    if not FIRST_YEAR <= date.year <= LAST_YEAR:
        raise Unfit("date_range", f"the date is outside the years {FIRST_YEAR} to {LAST_YEAR}; correct it in the LMS")
    return date


def _integer(value: object, setting: Setting) -> int | None:
    text = one_line(plain_text(value))
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise Unfit("not_whole", "the value is not a whole number; correct it in the LMS")
    return int(text)


def _lookup(value: object, setting: Setting) -> str:
    text = one_line(plain_text(value))
    if not text or setting.lookup is None:
        return text
    found = setting.lookup.values.get(fold(text))
    if found is not None:
        return found
    if setting.lookup.keep_others:
        return text
    raise Unfit("not_in_table", "the value is not in the lookup table; add it to the table or correct it in the LMS")


_HOURS = re.compile(
    r"(?<![\d.,])(?<!\d[-–—])(\d{1,5})[-\s]*(?:ак(?:ад(?:емич\w*)?)?\.?\s*)?ч(?:ас(?:а|ов|овой|овая|овое|овые)?)?(?!\w)"
)


def _hours_in_title(value: object, setting: Setting) -> int | None:
    found = {int(number) for number in _HOURS.findall(fold(plain_text(value)))}
    if not found:
        return None
    if len(found) > 1:
        raise Unfit("hours_ambiguous", "the title names several numbers of hours; write a [[course.hours]] rule")
    return found.pop()


CONVERTERS: dict[str, Converter] = {
    converter.name: converter
    for converter in (
        Converter("text", "text", "the text as it is, edges trimmed", _text),
        Converter("name", "text", "a name: runs of blanks as one, invisible marks removed", _name),
        Converter("email", "text", "an e-mail address", _email),
        Converter("snils", "text", "a СНИЛС as XXX-XXX-XXX XX with its check digits verified", _snils),
        Converter("date", "date", "a date from epoch seconds, 2026-12-31 or 31.12.2026", _date),
        Converter("date_epoch", "date", "a date from epoch seconds: the nearest midnight", _date_epoch),
        Converter("date_text", "date", "a date from 2026-12-31 or 31.12.2026", _date_text),
        Converter("integer", "whole", "a whole number", _integer),
        Converter("lookup", "text", "the entry of a [lookup.NAME] table", _lookup),
        Converter(
            "hours_in_title", "whole", "the hours in a title: «(72 ч)», «72 часа», «256 ак. ч.»", _hours_in_title
        ),
    )
}
"""Every converter by its name in a mapping file."""
