"""Two scores that answer different questions: blast radius and risk."""
