"""The pages: an app factory, and what every page is made of."""
