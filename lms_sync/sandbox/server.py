"""The sandbox's HTTP server: Moodle's REST endpoint on 127.0.0.1, over real sockets, on a thread."""

from __future__ import annotations

import contextlib
import email.utils
import http.server
import itertools
import socket
import struct
import sys
import threading
from typing import Any
from urllib.parse import urlsplit

from lms_sync.sandbox import striking, wire
from lms_sync.sandbox.faults import Faults
from lms_sync.sandbox.refusals import Refusal
from lms_sync.sandbox.wire import Answer, Request
from lms_sync.sandbox.world import World

ENDPOINT = "/webservice/rest/server.php"
_CACHE_ENTRIES = 128


class SandboxServer:
    """Serves a world. ``with SandboxServer(world) as server: server.url``.

    ``max_input_vars`` is PHP's limit on the variables of a form; ``requests`` is the log of all calls.
    """

    def __init__(
        self, world: World, faults: Faults | None = None, port: int = 0, *, max_input_vars: int = 1000
    ) -> None:
        self.world = world
        self.faults = Faults() if faults is None else faults
        self.max_input_vars = max_input_vars
        self._log: list[Request] = []
        self._lock = threading.Lock()
        self._orders = itertools.count(1)
        self._kept: dict[Any, Answer] = {}
        self._kept_revision = -1
        self._http = _HttpServer(("127.0.0.1", port), _Handler)
        self._http.sandbox = self
        self._thread = threading.Thread(
            target=self._http.serve_forever,
            kwargs={"poll_interval": 0.02},
            name="lms-sync-sandbox",
            daemon=True,
        )
        self._started = False
        self.closing = threading.Event()  # ends the waiting of slow answers
        self._late: list[Request] = []

    # -- life

    @property
    def url(self) -> str:
        """The site's address, such as ``http://127.0.0.1:8090``."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def token(self) -> str:
        """The web-service token that the world's service account is called with."""
        return self.world.token

    def start(self) -> SandboxServer:
        """Serve in a thread of its own until ``close``; gives itself."""
        self._started = True
        self._thread.start()
        return self

    def close(self) -> None:
        """Hang up on whoever is connected and free the port. A second start needs a new server."""
        self.closing.set()
        if self._started:
            self._http.shutdown()
            self._thread.join()
            self._http.hang_up_all()
        self._http.server_close()

    def __enter__(self) -> SandboxServer:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- the log

    @property
    def requests(self) -> list[Request]:
        """Every call so far, in order (``function``, ``params``, ``settings``, ``order``)."""
        with self._lock:
            return list(self._log)

    def count(self, function: str | None = None) -> int:
        """How many calls there were, of one function or of all."""
        with self._lock:
            return sum(function in {None, request.function} for request in self._log)

    def forget_requests(self) -> None:
        """Empty the log, so that ``count`` begins at 0 again."""
        with self._lock:
            self._log.clear()

    # -- late execution

    def postpone(self, request: Request, seconds: float | None) -> None:
        """Run a call so much later, when whoever asked is gone; None: not before ``run_late``."""
        with self._lock:
            self._late.append(request)
        if seconds is not None:
            threading.Thread(target=self._run_after, args=(request, seconds), daemon=True).start()

    def run_late(self) -> int:
        """Run now what was postponed (fault ``late``), in its order; gives how many calls that were."""
        with self._lock:
            waiting, self._late = self._late, []
        for request in waiting:
            self.answer(request, {})
        return len(waiting)

    def _run_after(self, request: Request, seconds: float) -> None:
        if self.closing.wait(seconds):
            return
        with self._lock:
            waits = any(one is request for one in self._late)
            self._late = [one for one in self._late if one is not request]
        if waits:
            self.answer(request, {})

    # -- answering

    def read(self, query: str, form: str) -> Request:
        """Read and log one call."""
        with self._lock:
            request = Request.read(next(self._orders), query, form, self.max_input_vars)
            self._log.append(request)
        return request

    def answer(self, request: Request, struck: striking.Struck) -> Answer:
        """The answer of the site (and of what stands before it) to a call."""
        spoilt = striking.instead_of_running(self.world, request, struck, self.faults)
        if spoilt is not None:
            return spoilt
        try:
            answer = self._run(request, struck)
        except Refusal as refusal:
            return wire.refused(self.world, request, refusal)
        return striking.changed_answer(request, answer, struck)

    def _run(self, request: Request, struck: striking.Struck) -> Answer:
        with self.world.lock:
            function = wire.find_function(self.world, request)
            self.world.keep_time()
            self.world.log_call(request.function)
            keep = function.cached and not striking.changes_value(request, struck)
            key = (request.function, repr(request.params), repr(request.settings), request.json)
            if self._kept_revision != self.world.revision:
                self._kept.clear()
                self._kept_revision = self.world.revision
            if keep and key in self._kept:
                known = self._kept[key]
                return Answer(known.body, known.content_type, people=known.people)
            value = wire.compute(self.world, self.url, request, function)
            value = striking.changed_value(request, value, struck, self.faults)
            answer = wire.written(request, value)
            if keep and len(self._kept) < _CACHE_ENTRIES:
                self._kept[key] = Answer(answer.body, answer.content_type, people=answer.people)
            return answer


class _HttpServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    sandbox: SandboxServer

    def __init__(self, *args: Any) -> None:
        self.connections: set[Any] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def hang_up_all(self) -> None:
        """End the connections that clients keep open, so that a closed site stops answering."""
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nobody's error; anything else is the sandbox's own."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HttpServer

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is printed: the log of calls is ``SandboxServer.requests``."""

    def do_GET(self) -> None:
        self._serve("")

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._serve(self.rfile.read(length).decode("utf-8", "replace"))

    def _serve(self, form: str) -> None:
        address = urlsplit(self.path)
        sandbox = self.server.sandbox
        if address.path != ENDPOINT:
            found = address.path in {"/", "/index.php", "/login/index.php"}
            title = sandbox.world.sitename
            self._send(wire.page(200, "OK", title) if found else wire.page(404, "Not Found", "404 Not Found"), {})
            return
        request = sandbox.read(address.query, form)
        course = str(request.params.get("courseid", ""))
        struck = sandbox.faults.strike(request.function, int(course) if course.isdigit() else None)
        if "drop-before" in struck:
            self._hang_up()
            return
        if "late" in struck:
            sandbox.postpone(request, struck["late"]["seconds"])
            self._hang_up()
            return
        answer = sandbox.answer(request, struck)
        self._wait(answer, struck)
        if "drop-after" in struck:
            self._hang_up()
            return
        self._send(answer, struck)

    def _wait(self, answer: Answer, struck: striking.Struck) -> None:
        faults = self.server.sandbox.faults
        seconds = faults.per_call + faults.per_learner * answer.people
        seconds += struck.get("slow", {}).get("seconds", 0.0)
        if seconds:
            self.server.sandbox.closing.wait(seconds)

    def _send(self, answer: Answer, struck: striking.Struck) -> None:
        head = self._head(answer, struck)
        if "drop-headers" in struck:
            self.connection.sendall(head)
            self._hang_up()
        elif "reset" in struck:
            self.connection.sendall(head + answer.body[: len(answer.body) // 2])
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
        else:
            self.connection.sendall(head + answer.body)

    def _head(self, answer: Answer, struck: striking.Struck) -> bytes:
        headers = {
            "Server": "Apache",
            "Content-Type": answer.content_type,
            "Content-Length": str(len(answer.body)),
        }
        if answer.status == 200 and answer.content_type != wire.HTML_TYPE:
            headers |= {
                "Cache-Control": "private, must-revalidate, pre-check=0, post-check=0, max-age=0",
                "Expires": "Thu, 01 Jan 1970 00:00:00 GMT",
                "Access-Control-Allow-Origin": "*",
            }
        if "no-date" not in struck:
            off = struck.get("wrong-clock", {}).get("seconds", 0)
            headers["Date"] = email.utils.formatdate(self.server.sandbox.world.now + off, usegmt=True)
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        lines += [f"{name}: {value}" for name, value in (headers | answer.headers).items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def _hang_up(self) -> None:
        """Close the connection without another byte."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)
