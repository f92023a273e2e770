"""What depends on it: the import graph of the index or of a commit's tree."""
