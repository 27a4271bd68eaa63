"""Read costlens.yaml and the catalogue into frozen values."""
