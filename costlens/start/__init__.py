"""A first workspace from a folder of exports: what `costlens init` finds, asks and writes."""
