"""The use case over history: what a policy would have said, and what became of it."""
