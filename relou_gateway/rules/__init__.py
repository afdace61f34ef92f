"""What is decided: pure functions. `now`, randomness and settings are arguments."""
