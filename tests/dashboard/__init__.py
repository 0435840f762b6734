"""Charts, pages and figures, held against SQL over the marts."""
