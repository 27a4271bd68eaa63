"""Write a build in formats that other tools read."""
