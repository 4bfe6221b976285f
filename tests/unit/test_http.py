"""lms_sync.http: when a request is repeated, what a failed connection is called, and that the secret never shows."""

from __future__ import annotations

import datetime as dt
import logging
import socket
import threading
import traceback
from collections.abc import Iterator

import pytest
import requests
import responses
import urllib3
from pydantic import SecretStr

from lms_sync.connector import SiteAccess
from lms_sync.errors import (
    OutcomeUnknown,
    SourceAnswerInvalid,
    SourceDenied,
    SourceError,
    SourceTimeout,
    SourceUnavailable,
)
from lms_sync.http import Answer, Http, retry_after

TOKEN = "0123456789abcdef-secret"
URL = "https://lms.example.com/service"


def access(**changes: object) -> SiteAccess:
    values = {"name": "lms", "url": "https://lms.example.com", "secret": SecretStr(TOKEN), "retries": 3, **changes}
    return SiteAccess(**values)  # type: ignore[arg-type]


class Sleeper:
    """Stands in for time: sleeping only notes how long."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper()


@pytest.fixture
def site() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


def body(answer: Answer) -> bytes:
    return answer.body


def post(http: Http, *, safe: bool = True, url: str = URL, **options: bool) -> bytes:
    return http.post(url, [("a", "1")], body, what="reading", safe=safe, **options)


def test_the_secret_is_the_first_field_of_the_body_and_not_in_the_url(site: responses.RequestsMock) -> None:
    site.post(URL, body=b"ok")
    assert post(Http(access(), secret_field="token")) == b"ok"
    request = site.calls[0].request
    assert request.body == f"token={TOKEN}&a=1"
    assert TOKEN not in str(request.url)


@pytest.mark.parametrize("safe", [True, False])
def test_a_busy_server_is_asked_again_even_for_an_unsafe_request(
    site: responses.RequestsMock, sleeper: Sleeper, safe: bool
) -> None:
    site.post(URL, status=429, headers={"Retry-After": "7"})
    site.post(URL, body=b"ok")
    assert post(Http(access(), secret_field="t", sleep=sleeper), safe=safe) == b"ok"
    assert 7 <= sleeper.slept[0] <= 8


def test_a_retry_after_of_a_day_is_cut_to_the_longest_pause(site: responses.RequestsMock, sleeper: Sleeper) -> None:
    site.post(URL, status=429, headers={"Retry-After": "86400"})
    site.post(URL, body=b"ok")
    post(Http(access(), secret_field="t", sleep=sleeper))
    assert 120 <= sleeper.slept[0] <= 121


@pytest.mark.parametrize("status", [500, 502, 520])
def test_a_broken_answer_is_repeated_only_when_that_is_safe(
    site: responses.RequestsMock, sleeper: Sleeper, status: int
) -> None:
    site.post(URL, status=status)
    site.post(URL, body=b"ok")
    assert post(Http(access(), secret_field="t", sleep=sleeper)) == b"ok"
    site.reset()
    site.post(URL, status=status)
    site.post(URL, body=b"ok")
    with pytest.raises(OutcomeUnknown):
        post(Http(access(), secret_field="t", sleep=sleeper), safe=False)
    assert len(site.calls) == 1


def test_tries_end_and_pauses_grow(site: responses.RequestsMock, sleeper: Sleeper) -> None:
    site.post(URL, status=502)
    with pytest.raises(SourceUnavailable) as caught:
        post(Http(access(retries=4), secret_field="t", sleep=sleeper))
    assert not caught.value.maintenance
    assert len(site.calls) == 5
    assert len(sleeper.slept) == 4
    assert sleeper.slept[0] >= 1
    assert sleeper.slept[3] >= 8


def test_a_lost_connection_after_sending_leaves_an_unsafe_request_unknown(
    site: responses.RequestsMock, sleeper: Sleeper
) -> None:
    site.post(URL, body=requests.exceptions.ChunkedEncodingError("broken"))
    with pytest.raises(OutcomeUnknown):
        post(Http(access(), secret_field="t", sleep=sleeper), safe=False)
    assert len(site.calls) == 1


def test_a_connection_that_was_never_made_is_repeated_for_an_unsafe_request(
    site: responses.RequestsMock, sleeper: Sleeper
) -> None:
    site.post(URL, body=requests.exceptions.ConnectTimeout("slow"))
    site.post(URL, body=b"ok")
    assert post(Http(access(), secret_field="t", sleep=sleeper), safe=False) == b"ok"


def test_a_timeout_is_repeated_once_or_not_at_all(site: responses.RequestsMock, sleeper: Sleeper) -> None:
    site.post(URL, body=requests.exceptions.ReadTimeout("slow"))
    http = Http(access(retries=5), secret_field="t", sleep=sleeper)
    with pytest.raises(SourceTimeout):
        post(http)
    assert len(site.calls) == 2
    with pytest.raises(SourceTimeout):
        post(http, repeat_timeouts=False)
    assert len(site.calls) == 3


@pytest.mark.parametrize("status", [504, 408, 524])
def test_a_gateway_timeout_is_a_timeout(site: responses.RequestsMock, sleeper: Sleeper, status: int) -> None:
    site.post(URL, status=status)
    with pytest.raises(SourceTimeout):
        post(Http(access(retries=0), secret_field="t", sleep=sleeper))


def test_maintenance_is_waited_out_up_to_its_own_limit(site: responses.RequestsMock, sleeper: Sleeper) -> None:
    site.post(URL, status=503, headers={"Retry-After": "300"})
    with pytest.raises(SourceUnavailable) as caught:
        post(Http(access(retries=0, maintenance_wait=700.0), secret_field="t", sleep=sleeper))
    assert caught.value.maintenance
    assert sleeper.slept == [300, 300, 100]


def test_work_goes_on_when_maintenance_ends(site: responses.RequestsMock, sleeper: Sleeper) -> None:
    site.post(URL, status=503, headers={"Retry-After": "300"})
    site.post(URL, body=b"ok")
    assert post(Http(access(retries=0), secret_field="t", sleep=sleeper)) == b"ok"


def test_no_maintenance_wait_means_no_waiting(site: responses.RequestsMock, sleeper: Sleeper) -> None:
    site.post(URL, status=503, headers={"Retry-After": "300"})
    with pytest.raises(SourceUnavailable):
        post(Http(access(maintenance_wait=0.0), secret_field="t", sleep=sleeper))
    assert sleeper.slept == []


def test_a_transient_answer_is_asked_for_again_a_little(site: responses.RequestsMock, sleeper: Sleeper) -> None:
    site.post(URL, body=b"cut")
    http = Http(access(retries=9), secret_field="t", sleep=sleeper)

    def read(answer: Answer) -> bytes:
        raise SourceAnswerInvalid("cut", transient=True)

    with pytest.raises(SourceAnswerInvalid):
        http.post(URL, [], read, what="reading", safe=True)
    assert len(site.calls) == 3
    with pytest.raises(OutcomeUnknown):
        http.post(URL, [], read, what="writing", safe=False)
    assert len(site.calls) == 4


def test_an_answer_that_stays_wrong_is_not_asked_for_again(site: responses.RequestsMock, sleeper: Sleeper) -> None:
    site.post(URL, body=b"<html>")

    def read(answer: Answer) -> bytes:
        raise SourceAnswerInvalid("a web page")

    with pytest.raises(SourceAnswerInvalid):
        Http(access(), secret_field="t", sleep=sleeper).post(URL, [], read, what="reading", safe=True)
    assert len(site.calls) == 1


def test_a_redirect_is_refused_and_named_without_its_path(site: responses.RequestsMock, sleeper: Sleeper) -> None:
    site.post(URL, status=301, headers={"Location": f"https://user:{TOKEN}@www.example.com/x?t={TOKEN}"})
    with pytest.raises(SourceDenied, match=r"https://www\.example\.com,") as caught:
        post(Http(access(), secret_field="t", sleep=sleeper))
    assert TOKEN not in str(caught.value)
    assert caught.value.code == "redirect"
    assert len(site.calls) == 1


def test_requests_of_all_threads_keep_their_distance(site: responses.RequestsMock) -> None:
    site.post(URL, body=b"ok")
    now, slept = [100.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    http = Http(access(requests_per_second=4.0), secret_field="t", sleep=sleep, clock=lambda: now[0])
    for _ in range(4):
        post(http)
    assert slept == [0.25, 0.25, 0.25]


def test_map_keeps_the_order_and_runs_only_a_little_ahead() -> None:
    begun: list[int] = []

    def double(number: int) -> int:
        begun.append(number)
        return 2 * number

    http = Http(access(concurrency=3), secret_field="t")
    results = http.map(double, range(1000))
    assert [next(results) for _ in range(5)] == [0, 2, 4, 6, 8]
    results.close()  # type: ignore[attr-defined]
    assert len(begun) <= 5 + 6
    http.close()


@pytest.mark.parametrize("concurrency", [1, 4])
def test_map_stops_at_the_first_failure(concurrency: int) -> None:
    begun: list[int] = []

    def fail_at_five(number: int) -> int:
        begun.append(number)
        if number == 5:
            raise SourceUnavailable("gone")
        return number

    http = Http(access(concurrency=concurrency), secret_field="t")
    with pytest.raises(SourceUnavailable):
        list(http.map(fail_at_five, range(1000)))
    assert len(begun) < 20
    http.close()


def test_map_uses_the_allowed_number_of_threads_and_no_more() -> None:
    barrier = threading.Barrier(3, timeout=10)  # passes only if three calls are under way at once
    http = Http(access(concurrency=3), secret_field="t")
    assert list(http.map(lambda _: barrier.wait() is not None, range(6))) == [True] * 6
    assert len({thread for thread in threading.enumerate() if thread.name.startswith("lms-sync-http")}) == 3
    http.close()


def test_closing_ends_a_long_wait(site: responses.RequestsMock) -> None:
    site.post(URL, status=503, headers={"Retry-After": "600"})
    http = Http(access(), secret_field="t")
    threading.Timer(0.1, http.close).start()
    with pytest.raises(SourceUnavailable):
        post(http)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Sun, 22 Nov 2026 05:10:00 GMT", 600.0),
        ("Sun, 22 Nov 2026 04:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("1.5", None),
    ],
)
def test_retry_after_in_seconds_or_as_a_date(header: str, seconds: float | None) -> None:
    assert retry_after(header, dt.datetime(2026, 11, 22, 5, 0, tzinfo=dt.UTC)) == seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_refused_connection_says_so() -> None:
    http = Http(access(retries=0), secret_field="t")
    with pytest.raises(SourceUnavailable, match="refuses the connection"):
        post(http, url=f"http://127.0.0.1:{free_port()}/x")


def test_a_port_that_speaks_no_tls_says_so(sleeper: Sleeper) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer_plainly() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(10)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer_plainly)
        thread.start()
        with pytest.raises(SourceUnavailable, match="secure connection"):
            post(Http(access(), secret_field="t", sleep=sleeper), url=f"https://127.0.0.1:{port}/x")
        thread.join()
    assert sleeper.slept == []  # a wrong certificate does not mend itself


def test_an_unknown_name_says_so(site: responses.RequestsMock) -> None:
    pool = urllib3.connectionpool.HTTPSConnectionPool("lms.example.com")
    reason = urllib3.exceptions.NameResolutionError("lms.example.com", pool, socket.gaierror())  # type: ignore[arg-type]
    site.post(URL, body=requests.exceptions.ConnectionError(urllib3.exceptions.MaxRetryError(pool, "/", reason)))
    with pytest.raises(SourceUnavailable, match="cannot be resolved"):
        post(Http(access(retries=0), secret_field="t"))


@pytest.mark.parametrize("url", ["lms.example.com/x", "https:///x", "ftp://lms.example.com/x"])
def test_what_is_no_address_says_so(url: str, sleeper: Sleeper) -> None:
    with pytest.raises(SourceDenied, match="not an address"):
        post(Http(access(), secret_field="t", sleep=sleeper), url=url)


def everything_told(error: BaseException) -> str:
    """All that a traceback printer or a log could show of an error: texts, causes, contexts, locals apart."""
    seen: list[str] = []
    link: BaseException | None = error
    while link is not None:
        seen += [str(link), repr(link), repr(link.args), repr(vars(link))]
        link = link.__cause__ or link.__context__
    return "".join([*seen, *traceback.format_exception(error)])


FAILURES = [
    {"body": requests.exceptions.ConnectionError(f"POST body wstoken={TOKEN}")},
    {"body": requests.exceptions.ReadTimeout(f"wstoken={TOKEN}")},
    {"body": requests.exceptions.SSLError(f"wstoken={TOKEN}")},
    {"body": requests.exceptions.InvalidURL(f"https://x/?wstoken={TOKEN}")},
    {"body": OSError(f"wstoken={TOKEN}")},
    {"status": 302, "headers": {"Location": f"https://evil.example/{TOKEN}"}},
    {"status": 302, "headers": {"Location": f"https://{TOKEN}.example/"}},
    {"status": 500, "body": TOKEN},
    {"status": 503, "body": TOKEN},
    {"status": 504, "body": TOKEN},
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: str(next(iter(failure.values())))[:20])
@pytest.mark.parametrize("safe", [True, False])
def test_the_secret_shows_nowhere(
    site: responses.RequestsMock,
    sleeper: Sleeper,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    failure: dict[str, object],
    safe: bool,
) -> None:
    caplog.set_level(logging.DEBUG)
    site.post(URL, **failure)
    http = Http(access(retries=1), secret_field="wstoken", sleep=sleeper)
    with pytest.raises(SourceError) as caught:
        post(http, safe=safe)
    shown = capfd.readouterr()
    assert TOKEN not in everything_told(caught.value)
    assert TOKEN not in caplog.text
    assert TOKEN not in shown.out + shown.err + repr(http) + repr(vars(http))


def test_urllib3_logs_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")

        thread = threading.Thread(target=answer)
        thread.start()
        http = Http(access(), secret_field="wstoken")
        assert post(http, url=f"http://127.0.0.1:{server.getsockname()[1]}/service") == b"ok"
        thread.join()
        http.close()
    assert "POST /service" in caplog.text
    assert TOKEN not in caplog.text
