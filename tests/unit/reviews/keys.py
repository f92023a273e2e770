"""Real SSH keys for tests: made by ssh-keygen, and a hardware key in software that signs as a token would."""

from __future__ import annotations

import base64
import hashlib
import subprocess
from pathlib import Path
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


class Key(NamedTuple):
    """A key pair: the private file, and `type base64` of the public half."""

    file: str
    public: str


def make_key(folder: Path, name: str) -> Key:
    file = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(file)], check=True)
    return Key(str(file), " ".join((folder / f"{name}.pub").read_text().split()[:2]))


def _string(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


class SoftToken:
    """An sk-ssh-ed25519 key without a token (PROTOCOL.u2f, PROTOCOL.sshsig): what it signs, ssh-keygen verifies."""

    _KIND = b"sk-ssh-ed25519@openssh.com"
    _APPLICATION = b"ssh:"

    def __init__(self) -> None:
        self._key = Ed25519PrivateKey.generate()
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._blob = _string(self._KIND) + _string(raw) + _string(self._APPLICATION)
        self.public = f"{self._KIND.decode()} {base64.b64encode(self._blob).decode()}"

    def sign(self, message: bytes, namespace: str, *, touched: bool) -> bytes:
        flags = b"\x01" if touched else b"\x00"
        counter = (1).to_bytes(4, "big")
        head = _string(namespace.encode()) + _string(b"") + _string(b"sha512")
        signed = b"SSHSIG" + head + _string(hashlib.sha512(message).digest())
        data = hashlib.sha256(self._APPLICATION).digest() + flags + counter + hashlib.sha256(signed).digest()
        proper = _string(self._KIND) + _string(self._key.sign(data)) + flags + counter
        blob = b"SSHSIG" + (1).to_bytes(4, "big") + _string(self._blob) + head + _string(proper)
        armour = base64.encodebytes(blob).decode().replace("\n", "")
        lines = [armour[at : at + 70] for at in range(0, len(armour), 70)]
        return "\n".join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""]).encode()
