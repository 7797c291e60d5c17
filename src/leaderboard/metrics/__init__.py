"""Numbers about judges, answers and accuracies, with their uncertainty; no files, no views."""
