"""What each contender does, run by `stopwatch` in an environment of its own; no import of the project but in `ours`."""
