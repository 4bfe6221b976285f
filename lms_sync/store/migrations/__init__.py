"""The store's schema, one revision after another; run by `lms_sync.store.migrate`, never by hand."""
