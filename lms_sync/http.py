"""Polite and safe HTTP for connectors: sessions, time limits, repeats, pacing, and secrets that stay secret.

Owns how often and when a request is repeated, and what a failed connection is called. Must not know any LMS: a
connector passes `read`, which turns an HTTP answer into a value or raises the error that the answer means.

Whether a request may be repeated belongs to the operation, not to the HTTP verb: `safe=False` marks one that must not
reach the LMS twice. The secret travels in the form, and is put there at the last moment, so that no exception, log
record or `repr` of anything in this module can show it.
"""

from __future__ import annotations

import datetime as dt
import random
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3

from lms_sync import __version__
from lms_sync.connector import SiteAccess
from lms_sync.errors import (
    OutcomeUnknown,
    SourceAnswerInvalid,
    SourceDenied,
    SourceError,
    SourceTimeout,
    SourceUnavailable,
)
from lms_sync.log import get_logger, redact, register_secret

CONNECT_TIMEOUT = 15.0
"""Seconds to reach the server; the answer itself may take `SiteAccess.timeout`."""

LONGEST_PAUSE = 120.0
"""Seconds: the longest `Retry-After` that is obeyed outside of planned maintenance."""

MAINTENANCE_PAUSE = 30.0
"""Seconds between tries during maintenance when the server does not say how long to wait."""

INVALID_REPEATS = 2
"""How often a cut or empty answer is asked for again: it is often deterministic."""

TIMEOUT_REPEATS = 1
"""How often a request that timed out is repeated: the next try will usually take as long."""

Item = TypeVar("Item")
Value = TypeVar("Value")
Sleep = Callable[[float], None]

_log = get_logger("lms_sync.http")


@dataclass(frozen=True)
class Answer:
    """One HTTP answer. `headers` are case-insensitive; `date` is the server's clock (UTC), if it said one."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters."""
        return self.headers.get("Content-Type", "").split(";")[0].strip().lower()

    @property
    def date(self) -> dt.datetime | None:
        """See the class."""
        return _http_date(self.headers.get("Date", ""))


@dataclass(frozen=True)
class _Failure:
    """Why a try failed. `reached` is true when the server may have done what was asked."""

    error: SourceError
    reached: bool
    lasting: bool = False


class _TryFailed(Exception):
    """Carries a `_Failure` through tenacity; never leaves this module."""

    def __init__(self, failure: _Failure) -> None:
        super().__init__(str(failure.error))
        self.failure = failure


class Http:
    """Posts forms to one site. Safe for use by several threads; close it when done."""

    def __init__(
        self,
        access: SiteAccess,
        *,
        secret_field: str,
        sleep: Sleep | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._access = access
        self._secret_field = secret_field
        self._closing = threading.Event()
        self._sleep: Sleep = sleep or self._wait_awake
        self._pacer = _Pacer(access.requests_per_second, clock, self._sleep)
        self._local = threading.local()
        self._sessions: list[requests.Session] = []
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        register_secret(access.secret.get_secret_value())
        if not access.verify_tls:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def post(
        self,
        url: str,
        form: Sequence[tuple[str, str]],
        read: Callable[[Answer], Value],
        *,
        what: str,
        safe: bool,
        repeat_timeouts: bool = True,
    ) -> Value:
        """Posts the form (the secret goes first) and returns what `read` makes of the answer.

        Raises whatever `read` raises; SourceUnavailable or SourceTimeout when the site cannot be reached in time;
        SourceDenied for a redirect; OutcomeUnknown when an unsafe request was sent and its answer is not known.
        """
        patience = _Patience(self._access, safe=safe, repeat_timeouts=repeat_timeouts, closing=self._closing)
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(patience.may_repeat),
            wait=patience.pause,
            stop=patience.is_over,
            sleep=self._sleep,
            reraise=True,
        )
        failure: _Failure
        try:
            value: Value = retrying(self._try_once, url, form, read, what)
            return value
        except _TryFailed as failed:
            failure = failed.failure
        # Raised here, outside the handler, so that the error has no context that could hold the request.
        if failure.reached and not safe:
            raise OutcomeUnknown(f"{what} was sent to {self.host(url)} and its answer was lost; look before repeating.")
        raise failure.error

    def map(self, function: Callable[[Item], Value], items: Iterable[Item]) -> Iterator[Value]:
        """The function's results in the order of the items, computed by up to `concurrency` threads.

        Runs only a little ahead of its consumer. At the first failure, or when the consumer stops, nothing further
        is begun and what is under way is waited for.
        """
        if self._access.concurrency <= 1:
            yield from map(function, items)
            return
        pool = self._workers()
        waiting: deque[Future[Value]] = deque()
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) >= 2 * self._access.concurrency:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
            for future in waiting:
                if not future.cancelled():
                    future.exception()

    def redact(self, text: str) -> str:
        """The text without the secret: for words of the server's own that go into a message."""
        return redact(text)

    def host(self, url: str) -> str:
        """Scheme, host and port of a URL: enough to recognise it, without user, path or query."""
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        return redact(f"{parts.scheme}://{parts.hostname or ''}{port}")

    def close(self) -> None:
        """Ends waiting, workers and connections."""
        self._closing.set()
        if self._pool:
            self._pool.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            for session in self._sessions:
                session.close()
            self._sessions.clear()

    def _wait_awake(self, seconds: float) -> None:
        """Waits, but no longer than until `close`."""
        self._closing.wait(seconds)

    def _workers(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self._access.concurrency, thread_name_prefix="lms-sync-http")
            return self._pool

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.headers["User-Agent"] = f"lms-sync/{__version__}"
            self._local.session = session
            with self._lock:
                self._sessions.append(session)
        return session

    def _try_once(self, url: str, form: Sequence[tuple[str, str]], read: Callable[[Answer], Value], what: str) -> Value:
        self._pacer.wait()
        begun = time.monotonic()
        outcome = self._send(url, form, what)
        seconds = round(time.monotonic() - begun, 3)
        if isinstance(outcome, _Failure):
            _log.debug("request failed", what=what, seconds=seconds, cause=redact(str(outcome.error)))
            raise _TryFailed(outcome)
        _log.debug("request", what=what, status=outcome.status, bytes=len(outcome.body), seconds=seconds)
        error: SourceError
        try:
            return read(outcome)
        except SourceUnavailable as unavailable:
            error, reached = unavailable, False
        except SourceAnswerInvalid as invalid:
            error, reached = invalid, True
        raise _TryFailed(_Failure(error, reached))

    def _send(self, url: str, form: Sequence[tuple[str, str]], what: str) -> Answer | _Failure:
        """One request. What `requests` raises ends here: its exceptions hold the request, and that the secret."""
        host = self.host(url)
        try:
            response = self._session().post(
                url,
                data=[(self._secret_field, self._access.secret.get_secret_value()), *form],
                timeout=(min(CONNECT_TIMEOUT, self._access.timeout), self._access.timeout),
                allow_redirects=False,
                verify=self._access.verify_tls,
            )
        except requests.RequestException as exception:
            return _connection_failure(exception, host, what, self._access.timeout)
        except (urllib3.exceptions.HTTPError, UnicodeError, OSError) as exception:
            return _Failure(
                SourceUnavailable(f"The connection to {host} failed ({type(exception).__name__})."), reached=True
            )
        answer = Answer(response.status_code, response.headers, response.content)
        return self._status_failure(answer, host, what) or answer

    def _status_failure(self, answer: Answer, host: str, what: str) -> _Failure | None:
        status = answer.status
        if 300 <= status < 400:
            return _Failure(SourceDenied(self._redirect_message(answer, host), code="redirect"), False, lasting=True)
        wait = retry_after(answer.headers.get("Retry-After", ""), answer.date)
        if status == 503:
            message = f"{host} is closed for maintenance or overloaded (HTTP 503); try again later."
            return _Failure(SourceUnavailable(message, retry_after=wait, maintenance=wait is not None), reached=False)
        if status == 429:
            message = f"{host} asks for fewer requests (HTTP 429); lower requests_per_second or concurrency."
            return _Failure(SourceUnavailable(message, retry_after=wait), reached=False)
        if status in (408, 504, 524):
            message = f"{host} or a proxy before it gave up waiting for {what} (HTTP {status})."
            return _Failure(SourceTimeout(message, retry_after=wait), reached=True)
        if status >= 500:
            message = f"{host} failed over {what} (HTTP {status}); its web server's error log says why."
            return _Failure(SourceUnavailable(message, retry_after=wait), reached=True)
        return None

    def _redirect_message(self, answer: Answer, host: str) -> str:
        target = self.host(answer.headers.get("Location", ""))
        if not urlsplit(target).hostname:
            target = "another address"
        return (
            f"{host} redirects to {target}, and a redirect is not followed because it would carry the token there; "
            "write the site's final address (https, with or without www) as the source's url."
        )


class _Patience:
    """How long one request is repeated. Maintenance has a budget of its own: seconds, not tries."""

    def __init__(self, access: SiteAccess, *, safe: bool, repeat_timeouts: bool, closing: threading.Event) -> None:
        self._safe = safe
        self._closing = closing
        self._maintenance_left = access.maintenance_wait
        self._left: dict[type[SourceError], int] = {
            SourceTimeout: min(TIMEOUT_REPEATS, access.retries) if repeat_timeouts else 0,
            SourceAnswerInvalid: min(INVALID_REPEATS, access.retries),
            SourceUnavailable: access.retries,
        }

    def may_repeat(self, exception: BaseException) -> bool:
        if not isinstance(exception, _TryFailed) or self._closing.is_set():
            return False
        failure = exception.failure
        if failure.lasting or (failure.reached and not self._safe):
            return False
        if isinstance(failure.error, SourceAnswerInvalid):
            return failure.error.transient
        return isinstance(failure.error, SourceUnavailable)

    def is_over(self, state: tenacity.RetryCallState) -> bool:
        error = _failed_with(state)
        if isinstance(error, SourceUnavailable) and error.maintenance:
            self._maintenance_left -= state.upcoming_sleep
            return state.upcoming_sleep <= 0
        kind = next((kind for kind in self._left if isinstance(error, kind)), SourceUnavailable)
        self._left[kind] -= 1
        return self._left[kind] < 0

    def pause(self, state: tenacity.RetryCallState) -> float:
        error = _failed_with(state)
        asked = error.retry_after if isinstance(error, SourceUnavailable) else None
        if isinstance(error, SourceUnavailable) and error.maintenance:
            return max(0.0, min(asked or MAINTENANCE_PAUSE, self._maintenance_left))
        if asked is not None:
            return min(max(asked, 0.0), LONGEST_PAUSE) + random.uniform(0, 1)  # noqa: S311 - not a secret
        return float(tenacity.wait_exponential_jitter(initial=1, max=30, jitter=1)(state))


class _Pacer:
    """Spreads requests of all threads evenly: at most `rate` a second, 0 for no limit."""

    def __init__(self, rate: float, clock: Callable[[], float], sleep: Sleep) -> None:
        self._interval = 1 / rate if rate > 0 else 0.0
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        if not self._interval:
            return
        with self._lock:
            now = self._clock()
            turn = max(now, self._next)
            self._next = turn + self._interval
        if turn > now:
            self._sleep(turn - now)


def retry_after(header: str, now: dt.datetime | None = None) -> float | None:
    """Seconds that a `Retry-After` header asks for, given in seconds or as a date (RFC 9110, 10.2.3)."""
    text = header.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    moment = _http_date(text)
    if moment is None:
        return None
    return max(0.0, (moment - (now or dt.datetime.now(dt.UTC))).total_seconds())


def _http_date(text: str) -> dt.datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or dt.UTC).astimezone(dt.UTC)


def _failed_with(state: tenacity.RetryCallState) -> SourceError | None:
    exception = state.outcome.exception() if state.outcome else None
    return exception.failure.error if isinstance(exception, _TryFailed) else None


def _connection_failure(exception: requests.RequestException, host: str, what: str, timeout: float) -> _Failure:
    """What an exception of `requests` means, in words of our own: its text may quote the request."""
    causes = tuple(_causes(exception))

    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if has(requests.exceptions.SSLError, ssl.SSLError):
        reason = next((c.verify_message for c in causes if isinstance(c, ssl.SSLCertVerificationError)), "")
        message = (
            f"The TLS certificate of {host} is not trusted ({reason}); mend the certificate or name its authority in "
            "REQUESTS_CA_BUNDLE."
            if reason
            else f"No secure connection to {host} could be made; check that the port speaks https."
        )
        return _Failure(SourceUnavailable(message), reached=False, lasting=True)
    if has(requests.exceptions.ProxyError):
        return _Failure(SourceUnavailable(f"The proxy on the way to {host} refuses the connection."), reached=False)
    if has(urllib3.exceptions.NameResolutionError):
        message = f"The name of {host} cannot be resolved; check the source's url and this machine's DNS."
        return _Failure(SourceUnavailable(message), reached=False)
    if has(requests.exceptions.ConnectTimeout):
        return _Failure(SourceUnavailable(f"{host} does not answer; check the url and the firewall."), reached=False)
    if has(requests.exceptions.ReadTimeout, urllib3.exceptions.ReadTimeoutError):
        return _Failure(SourceTimeout(f"{host} took longer than {timeout:g} s over {what}."), reached=True)
    if has(urllib3.exceptions.NewConnectionError):
        message = f"{host} refuses the connection; check the url, and that the web server runs."
        return _Failure(SourceUnavailable(message), reached=False)
    if isinstance(exception, ValueError):  # InvalidURL, MissingSchema and their kin
        message = f"“{host}” is not an address that can be asked; write the source's url as https://lms.example.com."
        return _Failure(SourceDenied(message, code="url"), reached=False, lasting=True)
    return _Failure(SourceUnavailable(f"The connection to {host} broke off during {what}."), reached=True)


def _causes(exception: BaseException) -> Iterator[BaseException]:
    """The exception and everything wrapped in it, each once."""
    seen: set[int] = set()
    waiting: list[object] = [exception]
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
