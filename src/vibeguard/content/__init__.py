"""What kind of change it is: file kinds, tests, guards, manifests, Unicode traps."""
