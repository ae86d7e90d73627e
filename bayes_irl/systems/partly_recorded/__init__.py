"""A circuit of which some neurons are not in the recording."""
