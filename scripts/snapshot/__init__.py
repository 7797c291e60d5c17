"""Converters of the public files: each module knows one folder of ../shared/data and gives cards with frames."""
