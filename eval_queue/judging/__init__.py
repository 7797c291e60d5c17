"""Judging answers with a language model: what is asked, over which endpoint, what its message says, what was paid.

Enters: questions, answers and a `JudgeConfig`. Leaves: verdicts, each missing rather than guessed. Nothing here loads a
model, so the judge's key and the code of a submitted model never share a process.
"""
