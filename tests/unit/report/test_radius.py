from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from vibeguard.model import Dependent, Dependents, Reach
from vibeguard.report import radius_html, radius_text, svg
from vibeguard.report.radius import picture

SVG = "{http://www.w3.org/2000/svg}"


def nobody(_path: str) -> tuple[str, ...]:
    return ()


def found(*items: tuple[str, int, str, tuple[str, ...]]) -> Dependents:
    made = tuple(Dependent(path, far, via, "import", names) for path, far, via, names in items)
    reached = tuple(Reach(item.distance, 1.0, (item.path,)) for item in made)
    return Dependents(("core.py",), reached, details=lambda: made)


def labels(drawn: str) -> list[str]:
    return ["".join(item.itertext()) for item in ET.fromstring(drawn).iter(f"{SVG}text")]


def test_names_that_say_little_are_shown_with_their_folder() -> None:
    given = found(
        ("a/one.py", 1, "core.py", ()),
        ("b/__init__.py", 1, "core.py", ()),
        ("b/twice.py", 1, "core.py", ()),
        ("c/d/twice.py", 1, "core.py", ()),
    )
    shown = labels(svg.render(given, picture(given, nobody)))
    assert {"core.py", "one.py", "b/__init__.py", "b/twice.py", "d/twice.py"} <= set(shown)


def test_every_label_lies_within_the_picture() -> None:
    names = [f"a_rather_long_name_of_a_module_{number}.py" for number in range(90)]
    given = found(*((name, 1 + number % 3, "core.py", ()) for number, name in enumerate(names)))
    root = ET.fromstring(svg.render(given, picture(given, nobody)))
    _, _, width, height = map(float, (root.get("viewBox") or "").split())
    group = next(item for item in root.iter(f"{SVG}g") if item.get("transform"))
    shift_x, shift_y = map(float, re.findall(r"[-\d.]+", group.get("transform") or ""))
    for text in group.iter(f"{SVG}text"):
        x, y = shift_x + float(text.get("x") or 0), shift_y + float(text.get("y") or 0)
        assert 0 < x < width
        assert 0 < y < height


def test_a_page_has_its_title_once_and_breaks_paths_behind_slashes() -> None:
    given = found(("a/one.py", 1, "core.py", ("f",)))
    page = radius_html.render(given, picture(given, nobody), nobody)
    assert len(re.findall(r">[^<]*1 changed file: ", page)) == 3  # of the page, of the picture for readers, the heading
    assert "a/<wbr>one.py" in page


def test_names_give_way_to_their_number_on_a_narrow_terminal() -> None:
    given = found(("a/one.py", 1, "core.py", ("first", "second", "third", "fourth", "fifth")))

    def line(width: int | None) -> str:
        return list(radius_text.tree(given, lambda _: ("@a",), 0, width))[1].rstrip("\n")

    assert line(None) == "└─ 1 a/one.py: first, second, third, fourth +1  [@a]"
    assert line(40) == "└─ 1 a/one.py: first, second +3  [@a]"
    assert line(20) == "└─ 1 a/one.py: +5  [@a]"
