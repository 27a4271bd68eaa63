"""Catalogue files out of what feature stores and registries tell, beside what people write."""
