"""Views: the only package that imports gradio."""
