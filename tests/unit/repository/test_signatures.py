from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.reviews.keys import Key, SoftToken, make_key
from vibeguard.errors import VibeguardError
from vibeguard.repository.signatures import Verified, find_ssh_keygen, is_touched, key_print, sign, verify

PURPOSE = "vibeguard-approval@v1"


@pytest.fixture(scope="module")
def amy(tmp_path_factory: pytest.TempPathFactory) -> Key:
    return make_key(tmp_path_factory.mktemp("keys"), "amy")


@pytest.fixture(scope="module")
def signature(amy: Key) -> bytes:
    return sign(b"hello", amy.file, PURPOSE, folder="/")


def checked(
    signature: bytes, allowed: str, *, message: bytes = b"hello", who: str = "amy", purpose: str = PURPOSE
) -> Verified:
    return verify(message, signature, identity=who, namespace=purpose, allowed=allowed.encode())


def test_a_good_signature_names_its_key(amy: Key, signature: bytes) -> None:
    found = checked(signature, f'amy namespaces="{PURPOSE}" {amy.public}\n')
    assert found == Verified("", key_print(f"{amy.file}.pub", folder="/"), touched=False)


@pytest.mark.parametrize(
    ("allowed", "changes", "why"),
    [
        ("amy {key}", {"message": b"hello!"}, "changed after it was signed"),
        ("amy {key}", {"purpose": "git"}, "another purpose"),
        ('amy namespaces="git" {key}', {}, "another purpose"),
        ("bob {key}", {}, "do not name this key"),
        ("amy {key}", {"who": "bob"}, "do not name this key"),
        ('amy valid-before="20200101" {key}', {}, "no longer valid"),
        ('amy valid-after="20990101" {key}', {}, "not valid yet"),
        ("", {}, "do not name this key"),
        ("garbage \x00\udcff".replace("\udcff", ""), {}, "do not name this key"),
        ("amy {key}", {"who": "-Oprint"}, "not usable"),
        ("amy {key}", {"who": "amy\nbob"}, "not usable"),
    ],
)
def test_what_is_not_signed_by_that_person_for_that_purpose_now_is_refused(
    amy: Key, signature: bytes, allowed: str, changes: dict[str, str], why: str
) -> None:
    assert why in checked(signature, allowed.format(key=amy.public) + "\n", **changes).refused  # type: ignore[arg-type]


def test_another_key_is_refused(amy: Key, signature: bytes, tmp_path: Path) -> None:
    assert checked(signature, f"amy {make_key(tmp_path, 'mallory').public}\n").refused


@given(st.binary(max_size=200))
def test_bytes_that_are_no_signature_were_not_touched(raw: bytes) -> None:
    assert not is_touched(raw)
    assert not is_touched(b"-----BEGIN SSH SIGNATURE-----\n" + raw + b"\n-----END SSH SIGNATURE-----")


def test_garbage_is_refused_as_no_signature(amy: Key) -> None:
    assert checked(b"garbage", f"amy {amy.public}\n").refused == "not a signature"


def test_a_hardware_key_counts_as_touched_only_with_the_flag_of_its_own_signature(signature: bytes) -> None:
    token = SoftToken()
    for touched in (True, False):
        made = token.sign(b"hello", PURPOSE, touched=touched)
        assert is_touched(made) is touched
        found = checked(made, f"amy no-touch-required {token.public}\n")
        if not found.refused:  # ssh-keygen itself refuses an untouched one, unless told otherwise
            assert found.touched is touched
    assert not checked(token.sign(b"hello", PURPOSE, touched=True), f"amy {token.public}\n").refused
    assert not is_touched(signature)


def test_ssh_keygen_is_not_taken_from_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, amy: Key, signature: bytes
) -> None:
    fake = tmp_path / "ssh-keygen"
    fake.write_text("#!/bin/sh\ntouch " + str(tmp_path / "canary") + "\necho 'Good signature'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    assert checked(signature, "bob " + amy.public).refused
    assert not (tmp_path / "canary").exists()


def test_a_missing_ssh_keygen_is_an_error_and_not_an_absent_approval() -> None:
    with pytest.raises(VibeguardError, match="ssh-keygen not found"):
        find_ssh_keygen(["/nowhere/ssh-keygen"])


def test_a_key_that_cannot_sign_is_named(tmp_path: Path) -> None:
    with pytest.raises(VibeguardError, match="cannot sign") as caught:
        sign(b"hello", str(tmp_path / "none"), PURPOSE, folder="/")
    assert caught.value.kind == "USAGE"
