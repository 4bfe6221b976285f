"""The record store: ledger, projections, runs and cursors in SQLite or PostgreSQL. The only place that knows SQL.

`store.py` opens a store and holds its transactions; `page.py` writes; `query.py` and `history.py` read; `verify.py`
proves. The ledger's format is a public document: `docs/ledger.md`.
"""
