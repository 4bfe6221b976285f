"""Scans of documents: the file beside the store under its digest, its record in the register.

A file is put into its place within the transaction that records it, while nobody else writes: so `remove_unnamed`
never takes away what somebody is just attaching. Should the machine stop between the two, a file is left that no record
names, and `remove_unnamed` takes it.
"""

from __future__ import annotations

from pathlib import Path

from lms_sync.errors import RegisterError
from lms_sync.records import DocumentScan, DocumentStatus
from lms_sync.registers.documents.acts import must_find, must_have_holder
from lms_sync.store.documents import scans
from lms_sync.store.register import registering
from lms_sync.store.scan_files import ScanFiles
from lms_sync.store.store import Store


def attach(store: Store, source: str, files: ScanFiles, uid: str, path: Path, actor: str) -> DocumentScan:
    """Attaches a file to a document. Again with the same file it changes nothing. Raises RegisterError, StoreError."""
    with files.copied(path) as copied, registering(store, source, actor) as writer:
        stored = must_find(writer, uid)
        holder = must_have_holder(stored)
        if stored.record.status is DocumentStatus.DRAFT:
            raise RegisterError(f"Document {uid} is a draft: scan what was issued.")
        files.keep(copied)
        record = DocumentScan(
            document=uid,
            learner=holder.learner,
            sha256=copied.sha256,
            name=path.name,
            media_type=copied.media_type,
            size=copied.size,
            attached_at=writer.now,
        )
        if not writer.freeze([record], stored.scope):
            return next(one for one in scans(writer.connection, source, uid) if one.key == record.key)
        return record


def remove_unnamed(store: Store, files: ScanFiles) -> int:
    """Removes the files that no scan names, as those of an erased person; gives how many there were."""
    with store.writing() as connection:
        return files.remove_all_but({one.sha256 for one in scans(connection)})
