"""First opens of tabs and switching between views, in the real app."""
