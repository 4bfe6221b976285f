"""Sync: what a run promises. Drives connector, mapping and store; knows no LMS and no SQL."""
