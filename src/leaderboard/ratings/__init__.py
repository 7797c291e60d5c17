"""Ratings from comparisons, with their uncertainty: numpy and scipy only, no files, no views."""
