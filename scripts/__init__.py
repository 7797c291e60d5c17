"""Commands of the repository that prepare data, questions and a demonstration model."""
