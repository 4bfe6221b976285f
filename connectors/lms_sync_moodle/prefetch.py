"""Pages of a feed, each fetched while the one before is being stored.

Owns the thread. Must not know what the pages hold. One request is under way at a time, and in order: a page's cursor
is needed to ask for the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from lms_sync.errors import SourceAnswerInvalid
from lms_sync_moodle.companion_wire import FeedPage


def pages_ahead(fetch: Callable[[str], FeedPage], cursor: str) -> Iterator[FeedPage]:
    """The pages from a cursor on, to the last one that there is now.

    What `fetch` raises is raised in the place of its page; SourceAnswerInvalid for a feed that does not move on. When
    the reader stops early, the request under way is waited for, and its page or error is dropped: the next reading
    asks for it again.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="lms-sync-feed") as pool:
        page = fetch(cursor)
        while page.more:
            if page.cursor == cursor:
                raise SourceAnswerInvalid("The companion plugin gives the same page again and again; report it.")
            cursor = page.cursor
            following = pool.submit(fetch, cursor)
            yield page
            page = following.result()
        yield page
