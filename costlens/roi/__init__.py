"""What is declared to come in: claims."""
