"""An ordinary training script: a line through noisy points, by gradient descent. Only ``report`` knows Paceline.

Alone, where ``report`` does nothing; or on the fleet, where `paceline task show last` says how far it is:

    python examples/hello_training.py
    paceline run -- python examples/hello_training.py
"""

import random

import paceline.train

SLOPE, INTERCEPT = 3.0, -1.0


def main() -> None:
    rng = random.Random(7)
    points = [(x, SLOPE * x + INTERCEPT + rng.gauss(0, 0.1)) for x in (rng.random() for _ in range(2_000))]
    slope = intercept = 0.0
    for epoch in range(1, 51):
        errors = [(slope * x + intercept - y, x) for x, y in points]
        slope -= 1.2 * sum(error * x for error, x in errors) / len(errors)
        intercept -= 1.2 * sum(error for error, _ in errors) / len(errors)
        loss = sum(error * error for error, _ in errors) / len(errors)
        paceline.train.report(step=epoch, loss=loss, progress=epoch / 50)
        if epoch % 10 == 0:
            print(f"epoch {epoch:2}  loss {loss:.4f}")
    print(f"found y = {slope:.2f} x + {intercept:.2f}; the truth is y = {SLOPE:.2f} x + {INTERCEPT:.2f}")


if __name__ == "__main__":
    main()
