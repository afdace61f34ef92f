"""relou-gateway: answers for the anti-relou number, and no raid can drain it."""

__version__ = "0.1.0"
