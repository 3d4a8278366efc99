"""One task of an array: count the primes in its own stretch of numbers.

All twenty, and what the seventh found:

    paceline submit --name primes --array 0-19 -- python examples/primes.py
    paceline logs last.7
"""

import os

STRETCH = 20_000


def main() -> None:
    index = int(os.environ.get("PACELINE_ARRAY_INDEX", "0"))
    start, stop = index * STRETCH, (index + 1) * STRETCH
    print(f"{sum(map(is_prime, range(start, stop)))} primes from {start} to {stop - 1}")


def is_prime(number: int) -> bool:
    return number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1))


if __name__ == "__main__":
    main()
