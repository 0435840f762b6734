"""One module a page: its question, filters and sections."""
