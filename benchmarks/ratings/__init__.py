"""The rating engine and its peers on the same battles; `python -m benchmarks ratings`."""
