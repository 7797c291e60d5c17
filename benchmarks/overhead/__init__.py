"""What an evaluation costs beyond lm-eval itself."""
