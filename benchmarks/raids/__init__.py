"""The comparison of docs/raids.md: every shape under every policy, by the real simulation.

    python -m benchmarks.raids --docs docs      # all of it, as `make raids` does
    python -m benchmarks.raids --shape one-call # one shape, on the screen

A package, because it takes many minutes and `make bench` runs each module beside it.
"""
