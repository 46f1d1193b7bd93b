"""A small calculator: arithmetic, named functions and assignments, and nothing else.

Text from a command line is never run as Python. It is read from left to right with operator
precedence, and computed as it is read, with whatever numbers the caller gives (tensors, here).
Every mistake is an `ExpressionError` that knows its place.
"""

from __future__ import annotations

import difflib
import math
import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["ExpressionError", "Program", "run"]

LIMIT = 10_000  # characters
MOST = 1_000_000  # elements of a result
DEPTH = 60  # parentheses, powers and signs inside each other

_TOKEN = re.compile(
    r"(?P<space>[ \t\r]+)|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[^\W\d]\w*)|(?P<sign>\*\*|\.T\b|[-+*/@^(),=;:\[\]\n])"
)
_BINARY: dict[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "+": (10, operator.add),
    "-": (10, operator.sub),
    "*": (20, operator.mul),
    "/": (20, operator.truediv),
    "@": (20, operator.matmul),
    "**": (40, operator.pow),
    "^": (40, operator.pow),
}
_SIGN = 30  # −a·b is (−a)·b, but −a^2 is −(a^2)
# What functions are called in other places.
_ELSEWHERE = {
    "ln": "log",
    "lg": "log10",
    "ld": "log2",
    "pow": "power",
    "sgn": "sign",
    "sqr": "square",
    **{f"a{f}": f"arc{f}" for f in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "logistic": "sigmoid",
    "expit": "sigmoid",
}
_WORDS = {"True": True, "False": False, "None": None}  # values of options


class ExpressionError(ValueError):
    """A mistake in an expression.

    Attributes
    ----------
    text : str
        The expression.
    position : int
        Where the mistake is, from 0.
    """

    def __init__(self, message: str, text: str, position: int) -> None:
        self.message = message
        self.text, self.position = text, position
        start = text.rfind("\n", 0, position) + 1
        end = text.find("\n", position)
        line = text[start : end if end >= 0 else len(text)]
        column = position - start
        if column > 60:  # a long line: show the part around the place
            line, column = "…" + line[column - 40 :], 41
        line = "".join(c if c.isprintable() else " " for c in line[: column + 60])
        super().__init__(f"{message}\n  {line}\n  {' ' * column}^")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.text, self.position)


@dataclass(frozen=True, slots=True)
class Program:
    """What an expression computed.

    Attributes
    ----------
    names : dict
        The value of each assignment, in order.
    result : object
        The value of the last statement.
    result_name : str
        What it was assigned to, or empty.
    used : frozenset of str
        The given names that occurred.
    """

    names: dict[str, Any]
    result: Any
    result_name: str
    used: frozenset[str]


def run(
    text: str, given: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]
) -> Program:
    """Compute ``"u = b*c; J = 3*(a + u)"``.

    Parameters
    ----------
    text : str
        Statements, separated by ``;`` or line ends: ``name = expression`` or an expression, with
        ``+ - * / @ ** ^``, parentheses, numbers, names, ``W.T``, ``W[0, 1:]`` and calls of the
        functions, whose options are ``axis=0`` and the like.
    given : mapping
        The values of names.
    functions : mapping
        What may be called.

    Returns
    -------
    Program

    Raises
    ------
    ExpressionError
        At the first mistake.

    Examples
    --------
    >>> run("u = b*c; 3*(a + u)", {"a": 5, "b": 3, "c": 2}, {}).result
    33.0
    """
    return _Reader(text, given, functions).program()


class _Reader:
    def __init__(
        self, text: str, given: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]
    ) -> None:
        self.text, self.given, self.functions = text, given, functions
        if len(text) > LIMIT:
            raise ExpressionError(f"longer than {LIMIT} characters", text, LIMIT)
        self.tokens = list(self._split())
        self.at = 0
        self.depth = 0
        self.names: dict[str, Any] = {}
        self.used: set[str] = set()

    def _split(self) -> Any:
        position = 0
        while position < len(self.text):
            match = _TOKEN.match(self.text, position)
            if match is None:
                raise ExpressionError(
                    f"unexpected character {self.text[position]!r}", self.text, position
                )
            if match.lastgroup != "space":
                yield match.lastgroup, match[0], position
            position = match.end()
        yield "end", "", len(self.text)

    def _fail(self, message: str, position: int | None = None) -> ExpressionError:
        return ExpressionError(
            message, self.text, self.tokens[self.at][2] if position is None else position
        )

    def _take(self, sign: str) -> bool:
        if self.tokens[self.at][1] == sign and self.tokens[self.at][0] == "sign":
            self.at += 1
            return True
        return False

    def program(self) -> Program:
        """Read all statements."""
        result, result_name, found = None, "", False
        while True:
            while self._take(";") or self._take("\n"):
                pass
            if self.tokens[self.at][0] == "end":
                break
            result, result_name = self._statement()
            found = True
            kind, token, _ = self.tokens[self.at]
            if kind != "end" and token not in {";", "\n"}:
                raise self._fail(f"expected an operator, found {token!r}")
        if not found:
            raise self._fail("expected an expression, found nothing")
        return Program(self.names, result, result_name, frozenset(self.used))

    def _statement(self) -> tuple[Any, str]:
        kind, name, position = self.tokens[self.at]
        if kind == "name" and self.tokens[self.at + 1][1] == "=":
            if self.at + 2 < len(self.tokens) and self.tokens[self.at + 2][1] == "=":
                raise self._fail("== compares, and there are no comparisons", position)
            if name in self.names or name in self.given:
                raise self._fail(f"{name} already has a value; choose another name", position)
            if name in self.functions:
                raise self._fail(f"{name} is a function; choose another name", position)
            self.at += 2
            value = self._expression(0)
            self.names[name] = value
            return value, name
        return self._expression(0), ""

    def _expression(self, tightest: int) -> Any:
        """Read operators that bind more tightly than `tightest`; a chain of them is a loop."""
        self.depth += 1
        if self.depth > DEPTH:
            raise self._fail(f"nested more than {DEPTH} deep")
        left = self._part()
        while True:
            kind, sign, position = self.tokens[self.at]
            binds, compute = _BINARY.get(sign, (0, None)) if kind == "sign" else (0, None)
            if compute is None or binds <= tightest:
                self.depth -= 1
                return left
            self.at += 1
            right = self._expression(binds - 1 if binds == 40 else binds)
            self._sized(sign, [left, right], position)
            left = self._computed(lambda: compute(left, right), position)  # noqa: B023

    def _part(self) -> Any:
        """Read an operand and what is taken of it: its transpose, its elements."""
        value = self._operand()
        while True:
            position = self.tokens[self.at][2]
            whole = value
            if self._take(".T"):
                if not hasattr(whole, "T"):
                    raise self._fail("a number has no transpose", position)
                value = self._computed(lambda: whole.T, position)  # noqa: B023
            elif self._take("["):
                index = self._index()
                value = self._computed(lambda: whole[index], position)  # noqa: B023
            else:
                return value

    def _index(self) -> tuple[int | slice, ...]:
        """Read whole numbers and ranges of them, up to the bracket that closes."""
        found: list[int | slice] = []
        while True:
            limits = [self._whole()]
            while len(limits) < 3 and self._take(":"):
                limits.append(self._whole())
            if len(limits) > 1:
                found.append(slice(*limits))
            elif limits[0] is None:
                raise self._fail("expected a whole number or a range, such as 0 or 1:3")
            else:
                found.append(limits[0])
            if self._take("]"):
                return tuple(found)
            if not self._take(","):
                raise self._fail("expected , or ]")

    def _whole(self) -> int | None:
        """Read a whole number if there is one."""
        start, negative = self.at, self._take("-")
        kind, token, position = self.tokens[self.at]
        if kind != "number":
            self.at = start
            return None
        if not token.isdecimal() or len(token) > 9:
            raise self._fail(f"expected a whole number, found {token[:20]}", position)
        self.at += 1
        return -int(token) if negative else int(token)

    def _operand(self) -> Any:
        kind, token, position = self.tokens[self.at]
        if kind == "sign" and token in {"-", "+"}:
            self.at += 1
            value = self._expression(_SIGN)
            return self._computed(lambda: -value if token == "-" else +value, position)
        if kind == "number":
            self.at += 1
            return float(token)
        if kind == "sign" and token == "(":
            self.at += 1
            value = self._expression(0)
            if not self._take(")"):
                raise self._fail("expected ) to close this one", position)
            return value
        if kind == "name":
            self.at += 1
            return self._call(token, position) if self._take("(") else self._value(token, position)
        found = {"end": "the end", "sign": repr(token)}.get(kind, repr(token))
        raise self._fail(f"expected a number, a name or (, found {found}")

    def _value(self, name: str, position: int) -> Any:
        if name in self.names:
            return self.names[name]
        if name in self.given:
            self.used.add(name)
            return self.given[name]
        if name in self.functions:
            raise self._fail(f"{name} is a function; write {name}(…)", position)
        known = [*self.names, *self.given, *self.functions]
        hint = _near(name, known) or f"give it a value, such as {name}=1"
        raise self._fail(f"unknown name {name!r}; {hint}", position)

    def _call(self, name: str, position: int) -> Any:
        function = self.functions.get(name)
        if function is None:
            known = f"there are {', '.join(sorted(self.functions)) or 'none'}"
            hint = _near(name, list(self.functions)) or known
            raise self._fail(f"unknown function {name!r}; {hint}", position)
        arguments: list[Any] = []
        options: dict[str, Any] = {}
        if not self._take(")"):
            while True:
                kind, option, where = self.tokens[self.at]
                if kind == "name" and self.tokens[self.at + 1][1] == "=":
                    self.at += 2
                    if option in options:
                        raise self._fail(f"{option} is given twice", where)
                    options[option] = self._option(option)
                elif options:
                    raise self._fail("expected name=value: options come last", where)
                else:
                    arguments.append(self._expression(0))
                if self._take(")"):
                    break
                if not self._take(","):
                    raise self._fail("expected , or )")
        self._sized(name, arguments, position)
        return self._computed(lambda: function(*arguments, **options), position)

    def _sized(self, name: str, arguments: list[Any], position: int) -> None:
        """Refuse a call whose result would have more than MOST elements, before it is computed."""
        shapes = [tuple(getattr(x, "shape", ())) for x in arguments]
        if name == "outer":
            size = math.prod(math.prod(shape) for shape in shapes)
        elif name in ("@", "matmul", "dot", "inner") and len(shapes) == 2:
            kept = (*shapes[0][:-1], *shapes[1][:-2], *(shapes[1][-1:] if name != "inner" else ()))
            size = math.prod(kept)
        else:
            longest = max((len(shape) for shape in shapes), default=0)
            padded = [(1,) * (longest - len(shape)) + shape for shape in shapes]
            size = math.prod(max(lengths) for lengths in zip(*padded, strict=True))
        if size > MOST:
            raise self._fail(f"{name}: a result of {size} elements is more than {MOST}", position)

    def _option(self, name: str) -> int | bool | None:
        """Read the value of an option: a whole number, True, False or None."""
        word = self.tokens[self.at][1]
        if word in _WORDS:
            self.at += 1
            return _WORDS[word]
        value = self._whole()
        if value is None:
            raise self._fail(f"{name} needs a whole number, True, False or None")
        return value

    def _computed(self, compute: Callable[[], Any], position: int) -> Any:
        """Run one step; what goes wrong in it is reported at its place."""
        try:
            value = compute()
        except ZeroDivisionError:
            raise self._fail("division by zero", position) from None
        except OverflowError:
            raise self._fail("the number is too large", position) from None
        except MemoryError:
            raise self._fail("the result does not fit into memory", position) from None
        except (TypeError, ValueError, IndexError, AttributeError) as error:
            raise self._fail((str(error).splitlines() or ["it fails"])[0], position) from error
        if isinstance(value, complex):
            raise self._fail("not a real number", position)
        return value


def _near(name: str, known: list[str]) -> str:
    spelled = {k.lower(): k for k in known}
    if _ELSEWHERE.get(name) in known:
        return f"did you mean {_ELSEWHERE[name]}?"
    close = [spelled[k] for k in difflib.get_close_matches(name.lower(), spelled, 3)]
    return f"did you mean {' or '.join(close)}?" if close else ""
