"""The questions everybody asks, one SQL file each."""
