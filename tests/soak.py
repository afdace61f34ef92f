"""`make soak`: an hour of traffic and mishaps, alone and two at once; tells how often each struck.

    python -m tests.soak [--minutes N] [--seed S] [--hurried]

It fails if an audit fails, if anything has grown, or if one mishap never struck, or never two at once. The
same seed gives the same mishaps in the same order, and the same people who write the same words; how much
of that falls into a second is the machine's affair.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.support.mishaps import MISHAPS
from tests.support.soaking import Soak


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--hurried", action="store_true", help="with the short deadlines of the suite")
    parser.add_argument("--only", choices=MISHAPS, nargs="+", default=tuple(MISHAPS))
    wanted = parser.parse_args()
    print(f"seed {wanted.seed}: {wanted.minutes:g} minutes", flush=True)
    begun = time.monotonic()

    def tell(line: str) -> None:
        print(f"{(time.monotonic() - begun) / 60:6.1f} min  {line}", flush=True)

    with (
        tempfile.TemporaryDirectory() as folder,
        Soak(Path(folder), wanted.seed, hurried=wanted.hurried, mishaps=wanted.only, tell=tell) as soak,
    ):
        soak.run(lambda: time.monotonic() - begun > 60 * wanted.minutes)
        singles = [(name,) for name in wanted.only]
        for names in (*singles, *sorted(names for names in soak.struck if len(names) > 1)):
            slowest = f"at work again after {soak.slowest(names):.1f} s at the most"
            print(f"{soak.struck[names]:6} {' + '.join(names)} ({slowest})")
        print(f"{soak.coincided:6} times two at once")
        print(f"the daemon: {soak.readings()}")
        missed = soak.never()
    print(f"never struck: {', '.join(missed)}" if missed else "every mishap struck; every record agrees")
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
