"""Reading the repository: the only room that starts git."""
