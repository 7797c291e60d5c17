"""The table: a self-contained HTML component fed by columnar JSON."""
