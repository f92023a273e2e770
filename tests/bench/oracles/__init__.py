"""Foreign truths that the import graph is held against. Each is run by hand; figures stand in the documents."""
