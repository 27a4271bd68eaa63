"""What every ML feature, model and product costs, tied to the bill to the last unit."""

__version__ = "0.1.0"
