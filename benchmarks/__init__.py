"""Figures of lms-sync against a floor measured in the same run. `python -m benchmarks`; see `__main__.py`."""
