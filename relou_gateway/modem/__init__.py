"""What is said to the radio."""
