"""Signing the ledger's head after a command that wrote to it, as the configuration says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lms_sync.cli.console import say
from lms_sync.errors import EXIT_DONE, EXIT_PARTIAL, ConfigError, LmsSyncError

if TYPE_CHECKING:
    from lms_sync.config import Settings
    from lms_sync.store.signing import SigningKey
    from lms_sync.store.store import Store


def sign_checkpoint(store: Store, settings: Settings) -> int:
    """Writes a checkpoint where `[checkpoints]` is configured and the head has moved; gives an exit code.

    What keeps it from being written does not undo what was done: it is said, and the exit code is EXIT_PARTIAL.
    """
    try:
        write_checkpoint(store, settings)
    except LmsSyncError as error:
        say(f"No checkpoint was written: {error}")
        return EXIT_PARTIAL
    return EXIT_DONE


def write_checkpoint(store: Store, settings: Settings) -> None:
    """The same, but raises LmsSyncError when it cannot be written."""
    from lms_sync.store.checkpoint import sign_checkpoint

    wanted = settings.checkpoints
    if wanted:
        sign_checkpoint(store, wanted.directory, wanted.key_file, wanted.keep)


def configured_key(settings: Settings) -> SigningKey:
    """The key that bundles are signed with: that of the checkpoints. Raises ConfigError where none is configured."""
    from lms_sync.store.signing import signing_key

    if settings.checkpoints is None:
        raise ConfigError(
            f"{settings.path} names no key to sign with: add a table [checkpoints] with directory and key_file."
        )
    return signing_key(settings.checkpoints.key_file)
