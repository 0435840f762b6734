"""The tables of a warehouse: locked, published, checked, mended, tidied up."""
