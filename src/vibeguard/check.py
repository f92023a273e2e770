"""The use case: a change goes in, facts are gathered, a verdict that explains itself comes out."""
