"""One agent that acts by a table."""
