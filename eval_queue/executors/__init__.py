"""Executors: where an evaluation runs."""
