"""What the team has agreed: reading, checking and evaluating policies."""
