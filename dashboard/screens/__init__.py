"""One folder a page, one module a part of it: filters, query, chart, caption.

The folder is not called pages: Streamlit takes one of that name beside app.py for its own, and a
link to a page of a server that just started would then open an empty one.
"""
