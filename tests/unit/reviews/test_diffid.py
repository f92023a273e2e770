from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vibeguard.model import FileChange
from vibeguard.reviews.diffid import diff_id


def changed(path: str = "a.py", before: str = "1" * 40, after: str = "2" * 40, mode: str = "100644") -> FileChange:
    return FileChange(path, "M", "100644", mode, before, after)


def test_the_order_counts_and_patches_play_no_part() -> None:
    one, two = changed("a.py"), changed("b.py")
    assert diff_id([one, two]) == diff_id([two._replace(added=3, deleted=1, patch=b"x"), one])


def test_any_path_mode_or_blob_changes_it() -> None:
    ids = {
        diff_id(files)
        for files in (
            [],
            [changed()],
            [changed("b.py")],
            [changed(after="3" * 40)],
            [changed(before="3" * 40)],
            [changed(mode="100755")],
            [changed(), changed("b.py")],
        )
    }
    assert len(ids) == 7


def test_paths_that_are_not_utf8_or_hold_a_newline_have_ids_of_their_own() -> None:
    assert len({diff_id([changed(path)]) for path in ("caf\udce9", "caf\u00e9", "a\nb", "a", "a\tb")}) == 5


_FILES = st.lists(
    st.builds(
        FileChange,
        path=st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=5).map(
            lambda text: text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
        ),
        status=st.just("M"),
        mode_before=st.sampled_from(["100644", "000000"]),
        mode_after=st.sampled_from(["100644", "100755"]),
        blob_before=st.just("1" * 40),
        blob_after=st.sampled_from(["2" * 40, "3" * 40]),
    ),
    max_size=4,
    unique_by=lambda file: file.path,
)


@given(_FILES, _FILES)
def test_two_sets_of_records_share_an_id_only_when_they_are_equal(one: list[FileChange], two: list[FileChange]) -> None:
    assert (diff_id(one) == diff_id(two)) == ({file._replace(status="M") for file in one} == set(two))
