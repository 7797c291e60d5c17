"""The evaluator: takes submissions from a queue, evaluates them in a subprocess, publishes results."""
