"""Reading tables that people keep: CSV and XLSX files, row by row, as they come from an office.

Owns what a file is, how it is encoded, and what stands in each cell: a text, a number, a day, or a formula that nobody
may trust. Must not know what the columns mean. A file is hostile until it is read: sizes are bounded before anything is
unpacked, entities are refused, and nothing of a file is ever run or followed.
"""
