"""Untrusted texts made safe to show: Markdown -> HTML of few tags, readings -> JSON for the page."""
