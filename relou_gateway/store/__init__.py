"""What is remembered: SQLite, and nothing that decides."""
