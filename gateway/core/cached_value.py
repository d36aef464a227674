"""Values of an object that are computed when first asked for, and kept in the object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

Value = TypeVar("Value")


class cached_value(Generic[Value]):  # noqa: N801 - a decorator, named as the one of functools
    """Makes a method a value that is computed once.

    The decorator of functools in Python 3.11 holds one lock for all objects of a class while it computes. A thread that
    reads a huge header section would then stop the event loop at the next small one. Two threads that ask the same
    object at once may both compute; the value must be the same.
    """

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        self._compute, self.__doc__ = compute, compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...
    def __get__(self, instance: object | None, owner: type) -> Self | Value:
        """The value. Python itself finds it in the object from then on."""
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._compute(instance)
        return value
