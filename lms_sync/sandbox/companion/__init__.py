"""The companion plugin ``local_lmssync`` as a sandbox site has it: wire format of docs/companion.md, rules of its PHP.

Its functions are registered by ``lms_sync.sandbox.functions.companion``. It reads the world's tables and changes none.
"""

from lms_sync.sandbox.companion.plugin import Companion

__all__ = ["Companion"]
