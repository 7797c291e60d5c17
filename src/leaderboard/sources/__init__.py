"""Sources: one module a data format; files and rows in, records out, bad ones quarantined with a reason."""
