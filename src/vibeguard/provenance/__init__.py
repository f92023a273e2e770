"""Who wrote a change: evidence of AI tools in messages, identities, records, environment and branch."""
