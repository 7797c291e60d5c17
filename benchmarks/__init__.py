"""Reproducible measurements, peers side by side; `python -m benchmarks [NAME]`."""
