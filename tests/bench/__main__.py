"""`python -m tests.bench [NAME…]`: every module of this folder that has a `main`, or the named ones."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

here = Path(__file__).parent
names = sys.argv[1:] or sorted(
    path.stem for path in here.glob("*.py") if path.stem not in ("__init__", "__main__", "measure")
)
for name in names:
    importlib.import_module(f"tests.bench.{name}").main()
