"""What the method `Sandwich` is made of: scores of a value, block by block of a recording."""
