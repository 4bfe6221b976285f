"""The thread that fetches the next page: order, one request at a time, errors in their place, and its end."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from lms_sync_moodle.companion_wire import FeedPage
from lms_sync_moodle.prefetch import pages_ahead

from lms_sync.errors import SourceAnswerInvalid, SourceUnavailable

LAST = 5


class Feed:
    """Pages `1` to `LAST`. Notes which were asked for, and how many requests were under way at once."""

    def __init__(self, *, failing: str | None = None) -> None:
        self.failing = failing
        self.asked: list[str] = []
        self.at_once = self.most_at_once = 0
        self.begun: dict[str, threading.Event] = {str(one): threading.Event() for one in range(LAST + 1)}
        self.hold: Callable[[str], object] = lambda cursor: None
        self._lock = threading.Lock()

    def fetch(self, cursor: str) -> FeedPage:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.asked.append(cursor)
        try:
            self.begun[cursor or "0"].set()
            self.hold(cursor)
            if cursor == self.failing:
                raise SourceUnavailable("The LMS is away.")
            number = int(cursor or "0") + 1
            return FeedPage(cursor=str(number), more=number < LAST)
        finally:
            with self._lock:
                self.at_once -= 1


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("lms-sync-feed")]


def test_pages_come_in_order_and_one_request_is_under_way_at_a_time() -> None:
    feed = Feed()
    assert [page.cursor for page in pages_ahead(feed.fetch, "")] == ["1", "2", "3", "4", "5"]
    assert feed.asked == ["", "1", "2", "3", "4"]
    assert feed.most_at_once == 1
    assert not threads()


def test_the_next_page_is_fetched_while_this_one_is_being_stored() -> None:
    feed = Feed()
    for page in pages_ahead(feed.fetch, ""):
        if page.more:
            assert feed.begun[page.cursor].wait(10), "nobody asked for the next page"
    assert feed.asked == ["", "1", "2", "3", "4"]


def test_a_slow_reader_is_only_one_page_behind() -> None:
    feed = Feed()
    pages = pages_ahead(feed.fetch, "")
    next(pages)
    assert feed.begun["1"].wait(10)
    next(pages)
    assert feed.begun["2"].wait(10)
    assert feed.asked == ["", "1", "2"]
    pages.close()


@pytest.mark.parametrize("failing", ["1", "3", "4"])
def test_an_error_comes_in_the_place_of_its_page(failing: str) -> None:
    feed, seen = Feed(failing=failing), []
    with pytest.raises(SourceUnavailable):
        for page in pages_ahead(feed.fetch, ""):
            seen.append(page.cursor)
    assert seen == [str(one) for one in range(1, int(failing) + 1)]
    assert not threads()


def test_an_error_of_the_first_page_is_raised() -> None:
    with pytest.raises(SourceUnavailable):
        next(pages_ahead(_away, ""))


def test_a_reader_that_stops_early_waits_for_the_request_and_leaves_no_thread() -> None:
    feed, release = Feed(), threading.Event()
    feed.hold = lambda cursor: release.wait(10) if cursor else None
    pages = pages_ahead(feed.fetch, "")
    next(pages)
    assert feed.begun["1"].wait(10)
    closing = threading.Thread(target=pages.close)
    closing.start()
    assert closing.is_alive()
    assert threads()
    release.set()
    closing.join(10)
    assert not threads()
    assert feed.asked == ["", "1"]


def test_an_error_after_the_reader_stopped_is_nobodys() -> None:
    feed = Feed(failing="1")
    pages = pages_ahead(feed.fetch, "")
    next(pages)
    pages.close()
    assert not threads()


def test_a_feed_that_does_not_move_on_is_not_followed_for_ever() -> None:
    with pytest.raises(SourceAnswerInvalid, match="again and again"):
        list(pages_ahead(lambda cursor: FeedPage(cursor="7", more=True), ""))


def _away(cursor: str) -> FeedPage:
    raise SourceUnavailable("The LMS is away.")
