"""What is measured of HTTP, and the bars."""

from bench.figure import Row, at_least, at_most
from bench.result import RESULTS

FILE = RESULTS / "rest.json"
RATE = 5_000
"""Functions a second, meanwhile."""
FOLLOWERS = 200

ROWS = (
    Row(key="tasks", says="functions that came home meanwhile, in the slowest part", unit="/s", bars=at_least(RATE),
        yardstick="none"),
    Row(key="reads", says="reads, 4 connections: a job, a task, all workers", unit="/s", bars=at_least(3000),
        yardstick="none"),
    Row(key="read p50", says="a read, p50", unit="ms", yardstick="none"),
    Row(key="read p99", says="a read, p99", unit="ms", bars=at_most(15), yardstick="none"),
    Row(key="followers", says="followers of `/api/live`", unit="", bars=at_least(FOLLOWERS), yardstick="none"),
    Row(key="dropped", says="followers that were sent away", unit="", bars=at_most(0), yardstick="none"),
    Row(key="delay p50", says="from a job being accepted until a follower has it, p50", unit="ms", yardstick="none"),
    Row(key="delay p99", says="the same, p99", unit="ms", yardstick="none"),
    Row(key="submits", says="jobs submitted, 8 connections", unit="/s", bars=at_least(500), yardstick="none"),
    Row(key="submit p99", says="a submit, p99", unit="ms", yardstick="none"),
    Row(key="taken", says="time of the processors that the host gave to others", unit="%", yardstick="none"),
)  # fmt: skip
