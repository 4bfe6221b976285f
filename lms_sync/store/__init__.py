"""The record store: ledger, projections, runs and cursors in SQLite or PostgreSQL. The only place that knows SQL.

`store.py` opens a store and holds its transactions; `page.py` and `register.py` write; `query.py`, `history.py`,
`attestation.py` and `study.py` read; `verify.py` proves, `checkpoint.py` and `bundle.py` make proofs to keep elsewhere.
The ledger's format is a public document: `docs/ledger.md`.
"""
