"""New dependencies, manifest by manifest: one module for each family of ecosystems, one table of all."""
