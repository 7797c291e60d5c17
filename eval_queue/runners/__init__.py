"""Runners: one kind of evaluation each."""
