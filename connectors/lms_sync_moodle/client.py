"""One call of one Moodle web-service function, and the one place that decides what every answer means.

Owns the form, the classification of answers and the server's clock. Must not know streams or records.

The form is always posted: a GET would put the token into access logs. `moodlewsrestformat` is repeated in the URL,
where PHP's max_input_vars cannot cut it off. Texts are asked for raw (unescaped), formatted texts in English, which
every Moodle has, so that they do not depend on the account's language.
"""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from lms_sync.connector import SiteAccess
from lms_sync.errors import SourceAnswerInvalid, SourceDenied, SourceError, SourceRefused
from lms_sync.http import Answer, Http
from lms_sync_moodle import refusals, wire

ENDPOINT = "/webservice/rest/server.php?moodlewsrestformat=json"
SECRET_FIELD = "wstoken"  # noqa: S105 - the name of the field, not a token

T = TypeVar("T")
V = TypeVar("V")

_FIXED = (("moodlewsrestformat", "json"), ("moodlewssettingraw", "1"), ("moodlewssettinglang", "en"))
_PEEK = 4096
_OTHER_FIELDS = 10  # room for the token, the function and what else a call has beside its list


class MoodleClient:
    """Calls functions of one Moodle site for the length of one run."""

    def __init__(self, access: SiteAccess, *, form_limit: int = 900, http: Http | None = None) -> None:
        self._url = access.url.rstrip("/") + ENDPOINT
        self._http = http or Http(access, secret_field=SECRET_FIELD)
        self._form_limit = form_limit
        self._lock = threading.Lock()
        self._offset: float | None = None
        self.started: int | None = None
        """The server's clock (epoch seconds) at the first answer of the run; None before it."""
        self.functions: frozenset[str] | None = None
        """The functions that the token may call, once `core_webservice_get_site_info` has answered."""

    def call(
        self,
        function: str,
        params: Mapping[str, Any] | None = None,
        *,
        answer: type[T],
        safe: bool = True,
        repeat_timeouts: bool = True,
    ) -> T:
        """The function's answer, decoded as `answer`; its `warnings`, if it has any, are the caller's to judge.

        Raises SourceRefused (SourceGone for what does not exist), SourceDenied, SourceUnavailable, SourceTimeout,
        SourceAnswerInvalid (UncleanAnswer for Moodle's `invalidresponse`) or, for unsafe calls, OutcomeUnknown.
        """
        form = [("wsfunction", function), *_FIXED, *flatten(params or {})]
        if len(form) + 1 > self._form_limit:
            raise SourceRefused(
                f"{function} would need {len(form) + 1} form fields, over the limit of {self._form_limit}; raise PHP's "
                "max_input_vars on the Moodle server and the option form_limit with it.",
                code="form_limit",
            )
        return self._http.post(
            self._url,
            form,
            lambda reply: self._read(reply, function, answer),
            what=function,
            safe=safe,
            repeat_timeouts=repeat_timeouts,
        )

    def chunks(self, values: Sequence[V], *, at_most: int) -> Iterator[Sequence[V]]:
        """The values of a list parameter in pieces that fit into a form."""
        size = max(1, min(at_most, self._form_limit - len(_FIXED) - _OTHER_FIELDS))
        for start in range(0, len(values), size):
            yield values[start : start + size]

    def room(self) -> int:
        """How many list elements fit into the longest form."""
        return self._form_limit - len(_FIXED) - len((SECRET_FIELD, "wsfunction"))

    def each(self, function: Callable[[V], T], items: Iterable[V]) -> Iterator[T]:
        """See `Http.map`."""
        return self._http.map(function, items)

    def offers(self, function: str) -> bool:
        """Whether the token may call the function. True as long as it is not known."""
        return self.functions is None or function in self.functions

    def forget_function(self, function: str) -> None:
        """The function turned out not to exist, although the service lists it."""
        if self.functions is not None:
            self.functions -= {function}

    def now(self) -> int:
        """The server's clock, from the `Date` of its answers; this machine's until there is one."""
        return int(time.time() + (self._offset or 0.0))

    @property
    def clock_skew(self) -> float | None:
        """Seconds by which the server's clock is ahead of this machine's; None if it sends no `Date`."""
        return self._offset

    def close(self) -> None:
        """Releases connections."""
        self._http.close()

    def _read(self, reply: Answer, function: str, kind: type[T]) -> T:
        self._note_clock(reply.date)
        error = _status_error(reply, function) or self._body_error(reply.body, function)
        if error:
            raise error
        value, problem = _decode(reply.body, function, kind)
        if problem:
            raise problem
        return value  # type: ignore[return-value]

    def _note_clock(self, date: dt.datetime | None) -> None:
        with self._lock:
            if date is not None:
                self._offset = date.timestamp() - time.time()
            if self.started is None:
                self.started = self.now()

    def _body_error(self, body: bytes, function: str) -> SourceError | None:
        start = body[:_PEEK].lstrip()
        if not start:
            return SourceAnswerInvalid(
                f"Moodle answers {function} with an empty body: PHP could not encode the data (a broken text or "
                "number in the database) or ran out of memory; its error log says which.",
                transient=True,
            )
        if start.startswith(b"<?xml"):
            return self._xml_error(start, function)
        if start.startswith(b"<"):
            return SourceAnswerInvalid(
                f"A web page came instead of data for {function}: a PHP error, or a proxy or login page before Moodle; "
                "open the source's url in a browser and see the web server's error log."
            )
        if start.startswith(b"{") and (b'"exception"' in start or b'"errorcode"' in start):
            said = _try_decode(body, wire.Refusal)
            if said and (said.exception is not None or said.errorcode is not None):
                return self._refusal(function, said.errorcode or "", said.exception or "")
        return None

    def _xml_error(self, start: bytes, function: str) -> SourceError:
        code = re.search(rb"<ERRORCODE>([\w/]+)</ERRORCODE>", start)
        if code:
            return self._refusal(function, code[1].decode("ascii", "replace"))
        return SourceAnswerInvalid(
            f"Moodle answers {function} in XML: the form did not arrive whole; lower the option form_limit."
        )

    def _refusal(self, function: str, code: str, exception: str = "") -> SourceError:
        return refusals.refusal(function, self._http.redact(code), self._http.redact(exception), self.functions)


def flatten(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Parameters as Moodle's form fields: `{"a": [{"b": True}]}` becomes `a[0][b]=1`. None is left out."""
    return [pair for key, value in params.items() for pair in _flat(key, value)]


def _flat(key: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{key}[{name}]", inner)
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from _flat(f"{key}[{index}]", inner)
    elif isinstance(value, bool):
        yield key, str(int(value))
    elif value is not None:
        yield key, str(value)


def _status_error(reply: Answer, function: str) -> SourceError | None:
    status = reply.status
    if status == 200:
        return None
    if status == 403 and not reply.body.strip():
        return SourceDenied(
            f"Moodle's web services or their REST protocol are off (HTTP 403); switch them on under "
            f"{refusals.FEATURES_PAGE} and {refusals.PROTOCOLS_PAGE}.",
            code="http403",
        )
    if status in (401, 403, 407):
        return SourceDenied(
            f"The web server or a firewall before Moodle forbids {function} (HTTP {status}); let "
            "/webservice/rest/server.php through for this machine.",
            code=f"http{status}",
        )
    if status in (404, 405, 410):
        return SourceDenied(
            f"There is no Moodle web service at the source's url (HTTP {status}); write the address of Moodle's front "
            "page, with its folder if it has one.",
            code=f"http{status}",
        )
    if status in (413, 414, 431):
        return SourceRefused(
            f"The web server finds {function}'s form too long (HTTP {status}); lower the option form_limit.",
            code=f"http{status}",
        )
    return SourceAnswerInvalid(f"The web server answers {function} with HTTP {status}; its error log says why.")


def _try_decode(body: bytes, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(body, type=kind, strict=False)
    except (msgspec.MsgspecError, UnicodeError):
        return None


def _decode(body: bytes, function: str, kind: type[T]) -> tuple[T | None, SourceError | None]:
    """The value, or what is wrong with the body. Never raises: the exceptions of msgspec may quote the data."""
    try:
        return msgspec.json.decode(body, type=kind, strict=False), None
    except msgspec.ValidationError as problem:
        path = re.search(r" - at `([^`]*)`$", str(problem))
        place = path[1] if path else "$"
        return None, SourceAnswerInvalid(
            f"Moodle's answer to {function} has an unknown shape at {place}; report it with Moodle's release."
        )
    except (msgspec.DecodeError, UnicodeError) as problem:
        if "truncated" in str(problem):
            return None, SourceAnswerInvalid(
                f"Moodle's answer to {function} was cut off on its way; raise the time limit of the proxy before it.",
                transient=True,
            )
    return None, SourceAnswerInvalid(
        f"Moodle's answer to {function} is not JSON: PHP may print messages into it; switch “Display debug messages” "
        "off (Site administration › Development › Debugging)."
    )
