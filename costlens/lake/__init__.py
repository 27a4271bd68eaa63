"""Publish builds, open them, keep their history."""
