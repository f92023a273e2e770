"""Who wrote it: evidence of AI assistance, and how sure it is."""
