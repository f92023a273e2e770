"""SSH signatures, by the system's own ssh-keygen and never by the one that git's configuration or PATH names first.

A `gpg.ssh.program` in the repository's configuration made a stranger's commit read "good": nothing here asks git.
Namespaces separate what a key may be used for; validity dates are ssh-keygen's (`ALLOWED SIGNERS` in ssh-keygen(1)).
A key is revoked by taking it out of the allowed signers, or by `valid-before`.
"""

from __future__ import annotations

import base64
import binascii
import os
import subprocess
from collections.abc import Sequence

from vibeguard.errors import GIT, INPUT, IO, USAGE, VibeguardError
from vibeguard.tuples import NamedTuple

TIMEOUT = 20.0  # seconds; verifying takes about 0.03
TOUCH_TIMEOUT = 120.0  # seconds for a person to type a passphrase or touch a key

# Where operating systems put it. Folders that an ordinary user cannot write to come first.
_PLACES = (
    "/usr/bin/ssh-keygen",
    "/bin/ssh-keygen",
    "/usr/local/bin/ssh-keygen",
    "/opt/homebrew/bin/ssh-keygen",
    "/run/current-system/sw/bin/ssh-keygen",
    r"C:\Windows\System32\OpenSSH\ssh-keygen.exe",
    r"C:\Program Files\Git\usr\bin\ssh-keygen.exe",
)
_BEGIN, _END = b"-----BEGIN SSH SIGNATURE-----", b"-----END SSH SIGNATURE-----"
_USER_PRESENT = 0x01  # flag of a FIDO signature: the key was touched


class Verified(NamedTuple):
    """What ssh-keygen says of a signature. `refused` is "" when it is good."""

    refused: str
    key_print: str = ""  # SHA256:…
    touched: bool = False  # made by a hardware key that was touched


def find_ssh_keygen(places: Sequence[str] = _PLACES) -> str:
    """The absolute path of ssh-keygen; PATH is not asked.

    Raises:
        VibeguardError: GIT when it is in none of the usual places.
    """
    for place in places:
        if os.access(place, os.X_OK) and os.path.isfile(place):
            return place
    raise VibeguardError(GIT, "ssh-keygen not found", hint="install OpenSSH 8.2 or newer")


def sign(message: bytes, key_file: str, namespace: str, *, folder: str) -> bytes:
    """The armoured signature of a message. A key in an agent or on a token is named by its public file.

    Raises:
        VibeguardError: USAGE when the key cannot be used; GIT when ssh-keygen is missing or does not end.
    """
    command = [find_ssh_keygen(), "-Y", "sign", "-n", namespace, "-f", os.path.join(folder, key_file)]
    done = _run(command, message, folder=folder, timeout=TOUCH_TIMEOUT, keep_agent=True)
    if done.returncode != 0 or not done.stdout.startswith(_BEGIN):
        words = _last_line(done.stderr) or f"ssh-keygen failed ({done.returncode})"
        raise VibeguardError(
            USAGE, f"the key cannot sign: {words}", where=key_file, hint="name a private key, or load it: ssh-add"
        )
    return done.stdout


def verify(message: bytes, signature: bytes, *, identity: str, namespace: str, allowed: bytes) -> Verified:
    """Whether the allowed signers let this identity sign in this namespace, now, with this key, and it signed this.

    Args:
        message: exactly the bytes that were signed.
        signature: armoured.
        identity: the principal that the signer claims to be.
        namespace: what the key was used for; a signature for another purpose is refused.
        allowed: content of an allowed-signers file.

    Raises:
        VibeguardError: GIT when ssh-keygen is missing or does not end; IO when no temporary files can be written.
    """
    from tempfile import TemporaryDirectory  # noqa: PLC0415 - random and shutil, only where there is a signature

    if not identity or identity.startswith("-") or not identity.isprintable():
        return Verified("the signer's name is not usable")
    touched = is_touched(signature)
    try:
        with TemporaryDirectory(prefix="vibeguard-") as folder:
            for name, content in (("allowed", allowed), ("signature", signature)):
                with open(os.path.join(folder, name), "wb") as file:
                    file.write(content)
            command = [find_ssh_keygen(), "-Y", "verify", "-n", namespace, "-I", identity]
            command += ["-f", "allowed", "-s", "signature"]
            done = _run(command, message, folder=folder, timeout=TIMEOUT)
    except OSError as error:
        raise VibeguardError(IO, f"cannot write temporary files: {error.strerror}") from None
    if done.returncode != 0:
        return Verified(_reason(done.stderr + b"\n" + done.stdout))
    # Good "namespace" signature for identity with ED25519 key SHA256:…
    key_print = done.stdout.decode("utf-8", "replace").rstrip().rpartition(" ")[2]
    return Verified("", key_print if key_print.startswith("SHA256:") else "", touched=touched)


def key_print(key_file: str, *, folder: str) -> str:
    """The print of a key file ("SHA256:…").

    Raises:
        VibeguardError: USAGE when it is no key.
    """
    command = [find_ssh_keygen(), "-l", "-E", "sha256", "-f", os.path.join(folder, key_file)]
    done = _run(command, b"", folder=folder, timeout=TIMEOUT)
    found = next((word for word in done.stdout.decode("utf-8", "replace").split() if word.startswith("SHA256:")), "")
    if done.returncode != 0 or not found:
        raise VibeguardError(USAGE, f"not a key: {_last_line(done.stderr)}", where=key_file)
    return found


def is_touched(signature: bytes) -> bool:
    """Whether an armoured signature was made by a hardware key (sk-…) that somebody touched.

    The layout is that of PROTOCOL.sshsig and PROTOCOL.u2f: the signature proper is a type, bytes, flags, a counter.
    """
    body = signature.partition(_BEGIN)[2].partition(_END)[0]
    try:
        blob = base64.b64decode(b"".join(body.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    if not blob.startswith(b"SSHSIG\0\0\0\x01"):
        return False
    fields = _strings(blob[10:])
    if len(fields) != 5:  # public key, namespace, reserved, hash algorithm, signature
        return False
    kind = _strings(fields[4])[:1]
    if not kind or not kind[0].startswith(b"sk-"):
        return False
    return len(fields[4]) >= 5 and bool(fields[4][-5] & _USER_PRESENT)


def _strings(blob: bytes) -> list[bytes]:
    """The length-prefixed strings at the start of a blob, as many as are whole."""
    found = []
    at = 0
    while at + 4 <= len(blob):
        size = int.from_bytes(blob[at : at + 4], "big")
        if at + 4 + size > len(blob):
            break
        found.append(blob[at + 4 : at + 4 + size])
        at += 4 + size
    return found


def _reason(stderr: bytes) -> str:
    """Why ssh-keygen refused, in words that say what to look at."""
    text = stderr.decode("utf-8", "backslashreplace").lower()
    for mark, words in (
        ("incorrect signature", "the statement was changed after it was signed"),
        ("namespace", "the key was used, or may be used, for another purpose only"),
        ("expired", "the key is no longer valid"),
        ("not yet valid", "the key is not valid yet"),
        ("couldn't parse", "not a signature"),
        ("missing header", "not a signature"),
        ("invalid format", "not a signature"),
    ):
        if mark in text:
            return words
    return "the base's allowed signers do not name this key for this person"


def _last_line(raw: bytes) -> str:
    lines = [line.strip() for line in raw.decode("utf-8", "backslashreplace").splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _run(
    command: Sequence[str], stdin: bytes, *, folder: str, timeout: float, keep_agent: bool = False
) -> subprocess.CompletedProcess[bytes]:
    kept: tuple[str, ...] = ("HOME", "TMPDIR", "SYSTEMROOT", "TERM")
    if keep_agent:
        # An agent or a token's dialog is where the person proves to be there.
        kept += ("SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "DISPLAY", "WAYLAND_DISPLAY", "SSH_SK_PROVIDER")
    environment = {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C"}
    try:
        return subprocess.run(
            command, input=stdin, capture_output=True, cwd=folder, env=environment, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired:
        raise VibeguardError(GIT, f"ssh-keygen did not end within {timeout:g} s") from None
    except BrokenPipeError:
        raise VibeguardError(INPUT, "ssh-keygen did not read what it was given") from None
    except OSError as error:
        raise VibeguardError(GIT, f"ssh-keygen could not be started: {error.strerror}", where=command[0]) from None
