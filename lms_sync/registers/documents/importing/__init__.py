"""Taking over an academy's own register of documents: from the rows of a table to records, all of them or none."""
