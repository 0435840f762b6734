"""What a file is before it is landed: its form, its columns and how they could be ours."""
