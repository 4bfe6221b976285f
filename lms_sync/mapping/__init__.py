"""Turns what an LMS says into the academy's own records, by rules that the academy can read and change.

Owns the language of the mapping files and what each rule means. Must not know any LMS's protocol, nor the store.
Start at `load.load_mapping` and `apply.Mapping`.
"""
