"""Solutions of this project's own two-turn questions, computed: one function a question, both turns in one tuple."""
