"""One agent in a maze."""
