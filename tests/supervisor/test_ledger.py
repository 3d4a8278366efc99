"""Ends, until they are settled."""

from collections.abc import Sequence

from paceline.executor import Began, Ended
from paceline.executors.end import End
from paceline.supervisor.ledger import BATCH, Ledger


def said(ledger: Ledger) -> list[Sequence[str]]:
    """Keys of each word about ends."""
    return [word.keys for word in ledger.words() if isinstance(word, Ended)]


def test_ends_are_said_once_and_kept_until_settled() -> None:
    ledger = Ledger()
    ledger.enter([End("a", "SUCCEEDED", result=b"1"), End("b", "FAILED", 3, "exit code 3")])
    (word,) = ledger.words()
    assert isinstance(word, Ended)
    assert (word.keys, word.outcomes, word.codes, word.blobs) == (
        ("a", "b"),
        ("SUCCEEDED", "FAILED"),
        (0, 3),
        (b"1", b""),
    )
    assert list(ledger.words()) == []
    ledger.settle(["a", "unknown"])
    assert list(ledger.keys()) == ["b"]
    ledger.say_again()
    assert said(ledger) == [("b",)]


def test_ends_that_were_asked_for_again_do_not_displace_others() -> None:
    ledger = Ledger()
    ledger.enter([End("a", "SUCCEEDED")])
    assert said(ledger) == [("a",)]
    ledger.enter([End("b", "SUCCEEDED")])
    ledger.say_again(["a", "b"])
    assert said(ledger) == [("a",), ("b",)]


def test_what_is_said_again_begins_with_where_its_output_lies() -> None:
    ledger, began = Ledger(), Began(key="b", out="out", err="err", out_start=3)
    ledger.enter([End("a", "SUCCEEDED"), End("b", "SUCCEEDED", out_end=5, began=(began,)), End("c", "SUCCEEDED")])
    assert [type(word) for word in ledger.words()] == [Ended]
    ledger.say_again()
    before, there, after = ledger.words()
    assert isinstance(before, Ended)
    assert isinstance(after, Ended)
    assert (before.keys, there, after.keys) == (("a",), began, ("b", "c"))


def test_large_results_are_told_in_several_words() -> None:
    ledger = Ledger()
    ledger.enter([End(str(index), "SUCCEEDED", result=bytes(BATCH // 2)) for index in range(5)])
    words = [word for word in ledger.words() if isinstance(word, Ended)]
    assert [key for word in words for key in word.keys] == ["0", "1", "2", "3", "4"]
    assert max(sum(map(len, word.blobs)) for word in words) <= BATCH
