"""For tests only: what a third party's connector proves itself with, and a small LMS in memory.

`ConnectorContract` is inherited by a connector's own tests, and `TargetContract` for each way in which it can show
issued documents (they need pytest); `MemoryConnector` reads a `MemorySite`, `MemoryShowingConnector` writes into it
too. The manual is `docs/writing-a-connector.md`. Nothing of the application imports this package.
"""

from lms_sync.testing.contract import ConnectorContract
from lms_sync.testing.memory import MemoryConnector, MemoryOptions, memory_connector
from lms_sync.testing.memory_push import MemoryShowingConnector
from lms_sync.testing.site import MemoryFaults, MemorySite
from lms_sync.testing.target_contract import TargetContract

__all__ = [
    "ConnectorContract",
    "MemoryConnector",
    "MemoryFaults",
    "MemoryOptions",
    "MemoryShowingConnector",
    "MemorySite",
    "TargetContract",
    "memory_connector",
]
