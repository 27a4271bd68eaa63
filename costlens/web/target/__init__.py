"""The page of one feature, model or product, by subject."""
