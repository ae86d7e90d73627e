"""How much a test does: `pytest --seeds 20` asks for the calibrations in full, of so many seeds."""

seeds: int | None = None  # set by conftest from the command line, before tests are imported
