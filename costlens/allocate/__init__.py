"""Split the bill over what ran, and over what needed it."""
