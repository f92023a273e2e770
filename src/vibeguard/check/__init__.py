"""The use case: a change goes in, facts are gathered, a verdict that explains itself comes out.

No printing and no command line here: both doors and CI call the same functions.
"""
