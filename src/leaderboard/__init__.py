"""Evidence about chat models in, honest rankings with their uncertainty out.

The package imports without side effects: no network, environment, clock or thread.
"""

__version__ = "0.1.0"
