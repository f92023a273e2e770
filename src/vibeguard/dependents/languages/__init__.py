"""One file a language: how imports are found and how they resolve."""
