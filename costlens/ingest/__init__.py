"""Turn bills and run logs into tables of the lake."""
