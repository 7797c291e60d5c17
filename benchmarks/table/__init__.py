"""Speed of the table in a browser, side by side with the tables of Gradio, on the same rows."""
