"""The paths of a kept graph."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vibeguard.dependents.snapshot import Paths

# As git's paths reach us: any bytes but NUL, those that are no UTF-8 as lone surrogates.
names = st.binary(min_size=1, max_size=6).filter(lambda raw: 0 not in raw)
texts = st.one_of(names.map(lambda raw: raw.decode("utf-8", "surrogateescape")), st.text("az\u00e9\uf000\U0001f600/"))


@given(st.sets(texts.filter(bool)), texts)
def test_each_is_found_at_its_place_and_no_other(found: set[str], other: str) -> None:
    ordered = sorted(found)
    paths = Paths("\0".join(ordered).encode("utf-8", "surrogateescape"))
    assert list(paths) == [paths[number] for number in range(len(paths))] == ordered
    assert paths.of(range(len(paths))) == tuple(ordered)
    assert [paths.number(path) for path in ordered] == list(range(len(ordered)))
    assert (paths.number(other) is not None) == (other in found)
