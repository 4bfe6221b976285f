"""The record store: ledger, projections, runs and cursors in SQLite or PostgreSQL. The only place that knows SQL.

`store.py` opens a store and holds its transactions; `page.py`, `register.py` and `journal.py` write; `query.py`,
`history.py`, `attestation.py`, `study.py` and `actions.py` read; `verify.py` proves, `checkpoint.py` and `bundle.py`
make proofs to keep elsewhere. The ledger's format is a public document: `docs/ledger.md`.
"""
