"""How much of a judging endpoint's pace our judging keeps; see `__main__`."""
