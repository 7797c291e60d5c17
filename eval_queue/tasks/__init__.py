"""Questions and task definitions that come with the program."""
