"""Named tuples like those of :class:`typing.NamedTuple`, whose class statement costs an eighth as much.

A hook defines a hundred such classes on its way. The standard library compiles code for each of them and for each of
their annotations: 95 classes took 15 ms, and a whole hook takes a fifteenth less without. Here they share their
methods, and only a class that is filled often gets a constructor that is compiled for it.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Self

__all__ = ["NamedTuple"]

_new = tuple.__new__
_namedtuple: Any = collections.namedtuple
_getter: Any = vars(collections)["_tuplegetter"]  # what `namedtuple` itself reads a field with
# A constructor takes 90 us to compile and then saves 2 us whenever fields are named or left to their defaults.
_COMPILED_FROM = 45


class _Tuple(tuple[Any, ...]):
    """What all of them have in common."""

    __slots__ = ()
    _fields: ClassVar[tuple[str, ...]] = ()
    _field_defaults: ClassVar[dict[str, Any]] = {}
    _completed: ClassVar[int] = 0  # so often some fields were named or left to their defaults

    def __new__(cls, /, *given: Any, **named: Any) -> Self:
        if not named and len(given) == len(cls._fields):
            return _new(cls, given)
        cls._completed += 1
        rest = cls._fields[len(given) :]
        values = {**cls._field_defaults, **named}
        right = len(given) <= len(cls._fields) and named.keys() <= set(rest) <= values.keys()
        if right and cls._completed < _COMPILED_FROM:
            return _new(cls, (*given, *[values[field] for field in rest]))
        standard = _namedtuple(cls.__name__, cls._fields, defaults=tuple(cls._field_defaults.values()))
        made: Self = standard.__new__(cls, *given, **named)  # says what is wrong in the usual words
        cls.__new__ = standard.__new__  # type: ignore[method-assign]
        return made

    @classmethod
    def _make(cls, values: Iterable[Any]) -> Self:
        return cls(*values)

    def _replace(self, /, **named: Any) -> Self:
        """The same with other values for these fields."""
        values = [named.pop(field, value) for field, value in zip(self._fields, self, strict=True)]
        if named:
            raise ValueError(f"Got unexpected field names: {list(named)!r}")
        return _new(type(self), values)

    def _asdict(self) -> dict[str, Any]:
        """Values by field."""
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        values = ", ".join(f"{field}={value!r}" for field, value in zip(self._fields, self, strict=True))
        return f"{type(self).__name__}({values})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        return tuple(self)


class _Defining(type):
    """Makes tuples of class statements. What it makes is of the type `type`, as any class."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
        if not bases:
            return super().__new__(cls, name, bases, namespace)
        if any(key.startswith("__annotate") for key in namespace):
            # So do class statements since Python 3.14 whose annotations are evaluated when they are asked for.
            raise TypeError(f"the module of {name} lacks `from __future__ import annotations`")
        fields = tuple(namespace.get("__annotations__", ()))
        defaults = {field: namespace[field] for field in fields if field in namespace}
        namespace.update((field, _getter(place, "")) for place, field in enumerate(fields))
        namespace.update(__slots__=(), __match_args__=fields, _fields=fields, _field_defaults=defaults)
        return type.__new__(type, name, (_Tuple,), namespace)


if TYPE_CHECKING:
    from typing import NamedTuple
else:

    class NamedTuple(metaclass=_Defining):
        """The base of a named tuple."""
