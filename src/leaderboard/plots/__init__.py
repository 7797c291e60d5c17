"""Charts drawn with plotly, and sent with the same figures as a table."""
