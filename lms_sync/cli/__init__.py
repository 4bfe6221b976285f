"""The operator's command line: one module a group of commands.

Data goes to stdout; progress, logs and words go to stderr. Heavy imports are made inside the commands, so that help
comes at once.
"""

from __future__ import annotations


def main() -> None:
    """Runs `lms-sync` and exits with one of the codes of `lms_sync.errors`."""
    from lms_sync.cli.app import run

    run()
