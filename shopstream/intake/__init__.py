"""Delivered files: found, read, decoded, and kept in a register; taken out and in again."""
