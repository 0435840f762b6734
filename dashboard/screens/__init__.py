"""One module a page: its question, filters and sections.

The folder is not called pages: Streamlit takes one of that name beside app.py for its own, and a
link to a page of a server that just started would then open an empty one.
"""
