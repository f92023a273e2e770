"""Named tuples of our own behave like those of the standard library."""

from __future__ import annotations

import copy
import pickle
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibeguard.dependents.facts import Edge
from vibeguard.tuples import NamedTuple


class Ours(NamedTuple):
    """Has fields with and without defaults, and what else a class can have."""

    path: str
    number: int
    names: tuple[str, ...] = ()
    place: str = ""

    @property
    def title(self) -> str:
        return f"{self.path}:{self.number}"

    @classmethod
    def of(cls, path: str) -> Ours:
        return cls(path, 1)


class Theirs(typing.NamedTuple):
    path: str
    number: int
    names: tuple[str, ...] = ()
    place: str = ""


class Empty(NamedTuple):
    """Has no fields."""


VALUES = st.integers(0, 9)
FIELDS = st.sampled_from(["path", "number", "names", "place", "unknown"])


def outcome(make: Any, positional: list[int], named: dict[str, int]) -> Any:
    try:
        return tuple(make(*positional, **named))
    except TypeError:
        return TypeError


@given(st.lists(VALUES, max_size=6), st.dictionaries(FIELDS, VALUES))
def test_every_call_means_what_it_means_for_the_standard_library(positional: list[int], named: dict[str, int]) -> None:
    assert outcome(Ours, positional, named) == outcome(Theirs, positional, named)


def test_a_class_that_is_filled_often_goes_on_as_before() -> None:
    class Fresh(NamedTuple):
        first: int
        second: int = 2

    before = Fresh.__new__
    assert {Fresh(1) for _ in range(200)} == {(1, 2)}
    assert Fresh.__new__ is not before
    assert Fresh(second=3, first=4) == (4, 3)
    assert Fresh(5)._replace(second=6) == (5, 6)
    assert isinstance(Fresh(1), Fresh)
    with pytest.raises(TypeError, match="first"):
        Fresh()  # type: ignore[call-arg]


def test_what_is_wrong_is_said_in_the_usual_words() -> None:
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'number'"):
        Ours("a")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'unknown'"):
        Ours("a", 1, unknown=2)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="unknown"):
        Ours("a", 1)._replace(unknown=2)  # type: ignore[call-arg]


def test_it_reads_compares_copies_and_prints_like_one() -> None:
    one: Any = Ours("a", 1, place="x")
    other: Any = Theirs("a", 1, place="x")
    assert one == other
    assert hash(one) == hash(other)
    assert repr(one) == repr(other).replace("Theirs", "Ours")
    assert one._asdict() == other._asdict()
    assert one._replace(number=2) == other._replace(number=2)
    assert type(one._replace(number=2)) is Ours
    assert (Ours._fields, Ours._field_defaults) == (Theirs._fields, Theirs._field_defaults)
    made: Any = Ours._make
    assert made(["b", 2, (), ""]) == Theirs._make(["b", 2, (), ""])
    assert one.title == "a:1"
    assert Ours.of("b").path == "b"
    assert not hasattr(one, "__dict__")
    with pytest.raises(AttributeError):
        one.path = "b"
    match one:
        case Ours(path, number):
            assert (path, number) == ("a", 1)
    edge = Edge("a.py", "import", ("x",), 3)
    assert pickle.loads(pickle.dumps(edge)) == edge
    assert copy.deepcopy(edge) == edge
    assert type(copy.copy(edge)) is Edge
    assert Empty() == ()


def test_annotations_that_are_evaluated_when_asked_for_are_not_taken_for_none() -> None:
    """As from Python 3.14 on, in a module that does not say otherwise."""
    define: Any = type(NamedTuple)
    with pytest.raises(TypeError, match="Late lacks"):
        define("Late", (NamedTuple,), {"__annotate_func__": lambda _format: {"a": int}})
