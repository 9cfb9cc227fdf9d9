"""The pages, one file each: read widgets, call the core, render."""
