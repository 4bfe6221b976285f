"""Making a source's connector for one run, and closing it whatever happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from lms_sync.connector import Connector
from lms_sync.errors import SourceError
from lms_sync.sync.scope import connector_faults


@contextmanager
def opened(make: Callable[[], Connector]) -> Iterator[Connector]:
    """A connector for one run. Whatever goes wrong in closing it harms nothing that was done. Raises SourceError."""
    with connector_faults():
        connector = make()
    try:
        yield connector
    finally:
        with suppress(SourceError), connector_faults():
            connector.close()
