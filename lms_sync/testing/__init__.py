"""For tests only: what a third party's connector proves itself with, and a small LMS in memory.

`ConnectorContract` is inherited by a connector's own tests (it needs pytest); `MemoryConnector` reads a `MemorySite`.
The manual is `docs/writing-a-connector.md`. Nothing of the application imports this package.
"""

from lms_sync.testing.contract import ConnectorContract
from lms_sync.testing.memory import MemoryConnector, MemoryOptions, memory_connector
from lms_sync.testing.site import MemoryFaults, MemorySite

__all__ = ["ConnectorContract", "MemoryConnector", "MemoryFaults", "MemoryOptions", "MemorySite", "memory_connector"]
