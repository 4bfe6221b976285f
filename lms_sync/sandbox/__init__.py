"""A sandbox LMS: Moodle's web-service endpoint over an invented site, with faults to switch on.

It owns its world, its server and its faults, and knows nothing of the rest of the application: everything that
reads from it does so over HTTP, as from a real site.
"""

from lms_sync.sandbox.academy import academy
from lms_sync.sandbox.faults import Faults, fault_names
from lms_sync.sandbox.finals import final_change
from lms_sync.sandbox.reference import reference_world
from lms_sync.sandbox.server import SandboxServer
from lms_sync.sandbox.small import small_world
from lms_sync.sandbox.truth import Truth
from lms_sync.sandbox.world import World

__all__ = [
    "Faults",
    "SandboxServer",
    "Truth",
    "World",
    "academy",
    "fault_names",
    "final_change",
    "reference_world",
    "small_world",
]
