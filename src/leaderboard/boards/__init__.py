"""Boards: declared columns, the frame behind a table, its filters and its exports."""
