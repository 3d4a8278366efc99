"""Ends, until they are settled."""

from paceline.executors.end import End
from paceline.supervisor.ledger import BATCH, Ledger


def test_ends_are_said_once_and_kept_until_settled() -> None:
    ledger = Ledger()
    ledger.enter([End("a", "SUCCEEDED", result=b"1"), End("b", "FAILED", 3, "exit code 3")])
    (word,) = ledger.words()
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
    assert [word.keys for word in ledger.words()] == [("b",)]


def test_ends_that_were_asked_for_again_do_not_displace_others() -> None:
    ledger = Ledger()
    ledger.enter([End("a", "SUCCEEDED")])
    assert [word.keys for word in ledger.words()] == [("a",)]
    ledger.enter([End("b", "SUCCEEDED")])
    ledger.say_again(["a", "b"])
    assert [word.keys for word in ledger.words()] == [("b", "a")]


def test_large_results_are_told_in_several_words() -> None:
    ledger = Ledger()
    ledger.enter([End(str(index), "SUCCEEDED", result=bytes(BATCH // 2)) for index in range(5)])
    words = list(ledger.words())
    assert [key for word in words for key in word.keys] == ["0", "1", "2", "3", "4"]
    assert max(sum(map(len, word.blobs)) for word in words) <= BATCH
