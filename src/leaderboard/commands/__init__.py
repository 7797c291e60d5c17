"""The verbs of the `leaderboard` command, one module each; `cli` only lists them."""
