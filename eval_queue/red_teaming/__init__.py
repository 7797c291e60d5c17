"""Red-teaming of a model: prompts that should be answered or declined, and judges of what it said."""
