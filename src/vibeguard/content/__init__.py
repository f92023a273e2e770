"""What kind of change it is: kinds and languages of files, weakened tests and guards, new dependencies, traps."""
