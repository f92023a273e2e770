"""`vibeguard demo`: a small shop, an agent's change to its money code, and the verdict on it."""

from __future__ import annotations

import os
import tempfile
import time
from typing import Annotated

import typer

from vibeguard.check.request import Request
from vibeguard.cli.output import put, show_reports
from vibeguard.model import Identity
from vibeguard.report import Options
from vibeguard.repository.seed import SeedCommit, build

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False, add_completion=False)

_AMY = Identity("Amy Okoro", "amy@shop.example")
_ZOE = Identity("Zoe Lindqvist", "zoe@shop.example")

_POLICY = """\
version: 1
name: shop
extends: [builtin:senior-signoff]
people:
  roles:
    senior: [amy, bob]
tags:
  money: ["shop/money.py", "shop/ledger/**"]
"""
_OWNERS = """\
*              @shop/everyone
/shop/         @shop/backend
/shop/ledger/  @shop/finance
/shop/money.py @shop/finance @amy
/web/          @shop/web
"""
_MONEY = '''\
"""Amounts of money, in cents."""


def rounded(amount: float) -> int:
    return int(amount + 0.5)


def with_tax(cents: int, rate: float) -> int:
    return rounded(cents * (1 + rate))
'''
_MONEY_AFTER = '''\
"""Amounts of money, in cents."""

from decimal import ROUND_HALF_EVEN, Decimal


def rounded(amount: float) -> int:
    return int(Decimal(str(amount)).quantize(Decimal("1"), rounding=ROUND_HALF_EVEN))


def with_tax(cents: int, rate: float) -> int:
    return rounded(cents * (1 + rate))
'''
_TEST = """\
from shop.money import rounded, with_tax


def test_half_a_cent_goes_up():
    assert rounded(2.5) == 3


def test_tax_is_added():
    assert with_tax(100, 0.25) == 125
"""
_TEST_AFTER = """\
from shop.money import with_tax


def test_tax_is_added():
    assert with_tax(100, 0.25) == 125
"""
_MESSAGE = """\
Round money half to even

Avoids the drift that customers reported in long invoices.

Co-Authored-By: Claude <noreply@anthropic.com>
"""


def _shop() -> dict[str, str | None]:
    """Twenty files, most of which lean on `shop/money.py`."""
    files: dict[str, str | None] = {
        ".vibeguard.yaml": _POLICY,
        ".github/CODEOWNERS": _OWNERS,
        "shop/__init__.py": "",
        "shop/ledger/__init__.py": "",
        "web/__init__.py": "",
        "shop/money.py": _MONEY,
        "tests/test_money.py": _TEST,
    }
    for name in ("cart", "checkout", "discounts", "invoices", "payments", "refunds", "shipping", "vouchers"):
        files[f"shop/{name}.py"] = (
            f"from shop.money import rounded\n\n\ndef {name}(cents):\n    return rounded(cents)\n"
        )
    for name in ("accounts", "journal", "postings"):
        files[f"shop/ledger/{name}.py"] = (
            "from ..money import with_tax\n\n\ndef post(cents):\n    return with_tax(cents, 0)\n"
        )
    for name in ("account", "basket", "orders"):
        files[f"web/{name}.py"] = (
            "from shop import cart, checkout, invoices\n\n\ndef page():\n    return cart.cart(1)\n"
        )
    return files


@app.command()
def demo(
    folder: Annotated[str, typer.Argument(help="An empty folder to build it in; a new temporary one by default.")] = "",
) -> int:
    """Build a small repository with a risky AI-assisted change, and judge it."""
    place = folder or tempfile.mkdtemp(prefix="vibeguard-demo-")
    build(
        place,
        [
            SeedCommit("main", "A small shop\n", _AMY, _shop()),
            SeedCommit(
                "round-half-even",
                _MESSAGE,
                _ZOE,
                {"shop/money.py": _MONEY_AFTER, "tests/test_money.py": _TEST_AFTER},
                start_from="main",
            ),
        ],
        checkout="round-half-even",
    )
    from vibeguard.check.use_case import judge  # noqa: PLC0415 - `--help` need not pay for it

    reports = judge(
        Request(folder=os.path.abspath(place), stage="ci", subject="base", base="main", now=time.time(), full=True)
    )
    put("$ vibeguard check --base main\n")
    show_reports(reports, Options())
    put(f"\nThat was exit code {reports[0].exit_code}. Look around:\n")
    put(f"  cd {place}\n  vibeguard check --base main --explain\n")
    return 0
