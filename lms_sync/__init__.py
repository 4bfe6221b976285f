"""lms-sync: an academy's own, provable record of what its LMS says.

Layers, each importing only from those above it in this list:
errors, exact, records, log, timing, private, toml_lines ·
connector · http, config, plugins, mapping, spreadsheet, store · registers · sync · report, schedule · cli.
"""

__version__ = "0.1.0"
