"""One function or module, without a warehouse."""
