"""One module a format; nothing here computes."""
