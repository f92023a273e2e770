"""Writing the statement of a verdict (`--attest FILE`), signed when a key is given."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

from vibeguard.check.request import Request
from vibeguard.check.result import Report
from vibeguard.check.trust import trusted
from vibeguard.cli.output import put
from vibeguard.errors import IO, USAGE, VibeguardError
from vibeguard.report.attestation import NAMESPACE, encode
from vibeguard.repository.locate import locate
from vibeguard.repository.objects import Objects
from vibeguard.repository.signatures import sign


def attest(reports: tuple[Report, ...], request: Request, file: str, key: str) -> None:
    """Write FILE, and FILE.sig when there is a key: an SSH signature that `ssh-keygen -Y verify` checks too.

    Raises:
        VibeguardError: USAGE when there is no commit to attest; IO when it cannot be written.
    """
    if len(reports) != 1:
        raise VibeguardError(USAGE, f"{len(reports)} changes were judged; a statement is about one")
    (report,) = reports
    believed = ""
    if report.change is not None:
        location = locate(request.folder)
        with Objects(location.git) as objects:
            commit = trusted(request, location, objects, report.change).commit
        believed = commit.id if commit is not None else ""
    at = datetime.fromtimestamp(request.now or time.time(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    raw = encode(report, believed=believed, at=at)
    signature = sign(raw, os.path.expanduser(key), NAMESPACE, folder=os.getcwd()) if key else b""
    if file == "-":
        put(raw.decode())
        return
    try:
        for path, content in ((file, raw), (f"{file}.sig", signature)):
            if content:
                with open(path, "wb") as target:
                    target.write(content)
    except OSError as error:
        raise VibeguardError(IO, f"the statement cannot be written: {error.strerror}", where=file) from None
