"""The door for hooks, where every millisecond is paid on each commit."""
