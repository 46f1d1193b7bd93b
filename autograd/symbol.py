"""The third reading of a derivative rule: given symbols, it prints its own formula.

A `Symbol` is a small expression tree made by calling a rule with names in place of arrays.
Operators, NumPy functions and the engine's ops all answer to it, and each is printed by its own
declaration, so the formula shown is the code that ran.
"""

from __future__ import annotations

import functools
import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.registry import OPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from autograd.op import Op

__all__ = [
    "BINARY",
    "COMPARISONS",
    "ONE",
    "UNARY",
    "Exact",
    "Symbol",
    "apply",
    "fill",
    "format_number",
    "latex_number",
    "local_derivative",
    "printed",
    "raised",
    "render",
    "rule_arguments",
]

_ATOM = 1000

# Plain NumPy functions that rules use and that are not ops: text, LaTeX. The square brackets are
# Iverson's: 1 where the condition holds, else 0.
_PLAIN = {
    "greater": ("[{0} > {1}]", r"[{0} > {1}]"),
    "greater_equal": ("[{0} ≥ {1}]", r"[{0} \ge {1}]"),
    "less": ("[{0} < {1}]", r"[{0} < {1}]"),
    "less_equal": ("[{0} ≤ {1}]", r"[{0} \le {1}]"),
    "equal": ("[{0} = {1}]", r"[{0} = {1}]"),
    "not_equal": ("[{0} ≠ {1}]", r"[{0} \ne {1}]"),
    "isnan": ("[{0} is NaN]", r"[{0} \text{ is NaN}]"),
    "isfinite": ("[{0} is finite]", r"[{0} \text{ is finite}]"),
    "logical_and": ("{0} · {1}", r"{0} \cdot {1}"),
    "logical_or": ("({0} or {1})", r"({0} \lor {1})"),
    "logical_not": ("(1 − {0})", "(1 - {0})"),
}
# Functions that move elements without changing them: a local derivative reads the same through
# them.
_TRANSPARENT = {"broadcast_to", "expand_dims", "squeeze", "reshape", "ravel"}

# Python's operators, by the NumPy function that each one is.
BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "pow": "power",
    "matmul": "matmul",
    "mod": "remainder",
    "floordiv": "floor_divide",
}
UNARY = {"neg": "negative", "pos": "positive", "abs": "absolute"}
COMPARISONS = {
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "eq": "equal",
    "ne": "not_equal",
}


class Symbol:
    """A name, or an op applied to symbols and numbers."""

    __slots__ = ("args", "latex", "op", "params", "text")

    __array_priority__ = 2000.0
    __hash__ = None  # type: ignore[assignment]
    __iter__ = None  # indexing a symbol never ends, so iterating one must never begin

    def __init__(
        self,
        text: str = "",
        latex: str = "",
        op: str | None = None,
        args: tuple[Any, ...] = (),
        params: dict[str, Any] | None = None,
    ) -> None:
        self.text, self.latex = text, latex or text
        self.op, self.args, self.params = op, args, params or {}

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **params: Any) -> Any:
        return apply(ufunc.__name__, args, params)

    def __array_function__(
        self, function: Callable[..., Any], types: Any, args: Any, params: Any
    ) -> Any:
        sequence = function.__name__ in {"concatenate", "stack"}
        return apply(function.__name__, tuple(args[0] if sequence else args), params)

    def __getitem__(self, index: Any) -> Any:
        return apply("getitem", (self,), {"index": index})

    def __repr__(self) -> str:
        return render(self, "text")


class Exact(Symbol):
    """A symbol from which nothing is taken out: what a rule does, call by call, for code."""

    __slots__ = ()


def _operator(name: str, *, swapped: bool = False) -> Callable[..., Any]:
    def operate(self: Symbol, *others: Any) -> Any:
        return apply(name, (*others, self) if swapped else (self, *others))

    return operate


for _dunder, _name in BINARY.items():
    setattr(Symbol, f"__{_dunder}__", _operator(_name))
    setattr(Symbol, f"__r{_dunder}__", _operator(_name, swapped=True))
for _dunder, _name in {**UNARY, **COMPARISONS}.items():
    setattr(Symbol, f"__{_dunder}__", _operator(_name))


def printed(text: str, latex: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Print a function that rules call as one formula, rather than its parts.

    Parameters
    ----------
    text, latex : str
        The formula, with ``{0}`` where its first argument stands, and so on.

    Returns
    -------
    callable
        A decorator. Given a symbol, the function returns its formula; anything else it computes.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def formula(*args: Any) -> Any:
            symbols = [x for x in args if isinstance(x, Symbol)]
            if symbols and not isinstance(symbols[0], Exact):
                return Symbol(op=function.__name__, args=args)
            return function(*args)

        _PLAIN[function.__name__] = text, latex
        return formula

    return decorate


def apply(name: str, args: tuple[Any, ...], params: dict[str, Any] | None = None) -> Any:
    """Return the expression `name(*args)`, with ones, zeros and moves of elements taken out."""
    if any(isinstance(x, Exact) for x in args):
        return Exact(op=name, args=args, params=params)
    if name in _TRANSPARENT:
        return args[0]
    if name == "einsum" and len(args) == 2:
        product = _product(*args, (params or {})["subscripts"])
        if product is not None:
            return product
    match name, args:
        case "multiply", (x, y) if _is(x, 1) and not isinstance(y, np.ndarray):
            return y
        case "multiply" | "divide" | "power", (x, y) if _is(y, 1):
            return x
        case "multiply", (x, y) if _is(x, -1):
            return apply("negative", (y,))
        case "multiply", (x, y) if _is(x, 0) or _is(y, 0):
            return 0
        case "multiply", (Symbol() as x, y) if x is y:
            return apply("power", (x, 2))
        case "add", (x, y) if _is(x, 0):
            return y
        case "add" | "subtract", (x, y) if _is(y, 0):
            return x
        case "logical_or", (x, (bool() | np.bool()) as y) if not y:
            return x
        case "logical_or", (x, Symbol(op="equal", args=(_, float(bound)))) if np.isinf(bound):
            return x  # formulas are printed for finite bounds
        case "negative", (Symbol(op="negative") as x,):
            return x.args[0]
        case "negative", (int() | float() as x,):
            return -x
        case "multiply", (x, Symbol(op="divide") as y) if _is(y.args[0], 1):
            return apply("divide", (x, y.args[1]))
        case "multiply" | "divide", (Symbol(op="negative") as x, y):
            return apply("negative", (apply(name, (x.args[0], y)),))
    return Symbol(op=name, args=args, params=params)


def _product(x: Any, y: Any, subscripts: str) -> Any:
    """Return an einsum of two operands as the product it is; None where it has no shorter name."""
    terms, _, out = subscripts.partition("->")
    s, t = terms.split(",")
    summed = [c for c in s if c in t and c not in out]
    if len({*s}) < len(s) or len({*t}) < len(t) or len(s + t) - 2 * len(summed) != len(out):
        same = s == t == out and len({*s}) == len(s)
        return apply("multiply", (x, y)) if same else None
    if not (s and t):
        return apply("multiply", (x, y)) if out == s + t else None
    if max(len(s), len(t)) > 2 or len(summed) > 1:
        return None
    mine, its = (("".join(c for c in term if c not in summed)) for term in (s, t))
    if out != mine + its or (len(s) == 1 and len(t) == 2):
        if out not in (mine + its, its + mine):
            return None
        x, y, s, t = y, x, t, s
    if not summed:
        return apply("outer", (x, y)) if len(s) == len(t) == 1 else None
    left = x if s[-1] in summed else apply("matrix_transpose", (x,))
    right = y if t[0] in summed else apply("matrix_transpose", (y,))
    return apply("matmul", (left, right))


ONE = Symbol("1")  # the cotangent that turns a rule into a local derivative


def rule_arguments(
    op: Op, symbols: list[Any], shapes: list[tuple[int, ...]], slot: int
) -> dict[str, Any]:
    """Return what a rule may ask for of its operands: symbols, shapes, and which of many it is."""
    if op.variadic:
        n = op.operands[0]
        return {n: symbols, f"{n}_shape": tuple(shapes), "i": slot}
    arguments: dict[str, Any] = dict(zip(op.operands, symbols, strict=True))
    return arguments | {f"{n}_shape": s for n, s in zip(op.operands, shapes, strict=True)}


def local_derivative(
    rule: Callable[..., Any], asks: list[str], arguments: dict[str, Any], g: Symbol
) -> tuple[Any, bool]:
    """Read a rule as a formula.

    Parameters
    ----------
    rule : callable
        A derivative rule.
    asks : list of str
        The names it asks for, in order.
    arguments : dict
        What it may ask for: symbols for operands and the result, plain values for the rest.
    g : Symbol
        The name of the cotangent of the result.

    Returns
    -------
    expression : Symbol or number
        The factor on g, where the rule is g times a factor; otherwise the whole of it, with g.
    is_factor : bool
        Which of the two.
    """
    factor = rule(*[ONE if name == "g" else arguments[name] for name in asks])
    if _is_factor(factor):
        return factor, True
    return rule(*[g if name == "g" else arguments[name] for name in asks]), False


def _is_factor(x: Any) -> bool:
    """Whether 1 in the place of g has left an elementwise factor."""
    if not isinstance(x, Symbol) or x.op is None:
        return True
    inside = x.args[1:] if x.op in {"divide", "where"} else x.args
    allowed = x.op in {"negative"}
    return all(_is_factor(a) and (allowed or a is not ONE) for a in inside) or (
        x.op == "where" and all(_is_factor(a) for a in x.args)
    )


def _is(x: Any, number: int) -> bool:
    if x is ONE:
        return number == 1
    if isinstance(x, np.ndarray):
        return bool(x.size and np.all(x == number))
    return isinstance(x, (int, float, np.number)) and x == number


def render(x: Any, form: str) -> str:
    """Print an expression as ``"text"`` or as ``"latex"``."""
    return _printed(x, form)[0]


def _printed(x: Any, form: str) -> tuple[str, int]:
    """Return the printed expression and how tightly it binds."""
    if not isinstance(x, Symbol):
        return _plain(x, form), _ATOM
    if x.op is None:
        return (x.text if form == "text" else x.latex), _ATOM
    op, args, params = OPS.get(x.op), x.args, x.params
    if op is not None and not op.variadic:  # as in np.sum(g, 0): the axis is no operand
        params = {**dict(zip(op.params, args[len(op.operands) :], strict=False)), **params}
        args = args[: len(op.operands)]
    inner = [_printed(arg, form) for arg in args]
    if op is not None:
        return fill(op, form, inner, [getattr(a, "op", None) for a in args], params)
    if x.op in _PLAIN:
        template = _PLAIN[x.op][form == "latex"]

        def argument(match: re.Match[str]) -> str:
            k = int(match[1])
            return inner[k][0] if k < len(inner) else match[0]

        return re.sub(r"\{(\d)\}", argument, template), _ATOM
    return f"{x.op}({', '.join(text for text, _ in inner)})", _ATOM


def fill(
    op: Op,
    form: str,
    inner: list[tuple[str, int]],
    inner_ops: list[str | None],
    params: dict[str, Any] | None = None,
) -> tuple[str, int]:
    """Put printed operands into an op's template; return the formula and how tightly it binds.

    ``{a}`` is replaced by operand *a*, in parentheses where it binds less tightly than the op;
    ``{{a}}`` (in LaTeX, a group) never needs them.
    """
    binds = _ATOM if op.binds is None else op.binds
    names = [f"{op.operands[0]}{i}" for i in range(len(inner))] if op.variadic else op.operands
    values = dict(zip(names, inner, strict=False))
    template = op.template(form, names)
    last = names[-1] if len(names) > 1 else None

    def substitute(match: re.Match[str]) -> str:
        grouped, name = match[1] is not None, match[1] or match[2]
        if name in (params or {}):
            text = _plain((params or {})[name], form)
            return "{" + text + "}" if grouped else text
        if name not in values:
            return match[0]
        text, tight = values[name]
        if grouped:
            return "{" + text + "}"
        around = (
            template[match.start() - 1 : match.start()] + template[match.end() : match.end() + 1]
        )
        if around == "()" and re.fullmatch(r"\([^()]*\)", text):
            text = text[1:-1]  # in the parentheses of a function
        if form == "text" and template[match.end() :].startswith("^") and _ENDS_HIGH.search(text):
            return f"({text})"
        if around.endswith("^") and "^" in text:  # LaTeX has no two superscripts at one place
            is_transposed = template[match.end() :].startswith(r"^{\mathsf{T}}")
            return "{" + text + "}" if is_transposed else f"({text})"
        loose = op.binds is not None and tight < op.binds
        if name == last and tight == op.binds:  # a − (b − c), but a + b + c
            loose = not (op.associative and inner_ops[-1] == op.name)
        if name == names[0] and op.name == "power":
            loose = op.binds is not None and tight <= op.binds
        first = name == names[0] and op.name != "power"
        if text.startswith(("-", "−")) and not first and op.binds is not None:
            loose = True
        return f"({text})" if loose else text

    filled = re.sub(r"\{\{(\w+)\}\}|\{(\w+)\}", substitute, template)
    options = ", ".join(_options(op, form, template, params or {}))
    if not options and (alone := re.fullmatch(r"\{(\w+)\}", template)) and alone[1] in values:
        return filled, values[alone[1]][1]  # a cast, which is not written
    if not options:
        return filled, binds
    if re.fullmatch(r"\\?\w.*\)", template):  # a function
        return f"{filled[:-1]}, {options})", _ATOM
    if form == "latex":
        return rf"{filled}\;({options})", binds
    return f"{op.symbol}({', '.join(text for text, _ in inner)}, {options})", _ATOM


# What stands above a name: a layer, an example. A power of it needs brackets.
HIGH = r"\^(\[[0-9A-Za-z, +−-]{1,6}\](?:\([0-9A-Za-z]{1,6}\))?|\([0-9A-Za-z]{1,6}\))"
_ENDS_HIGH = re.compile(rf"({HIGH}|[ᵀ⁺⁻¹²³⁰⁴-⁹])$")
_UNSAID = {"keepdims", "dtype", "shape", "order"}  # parameters that the shapes on the cards tell


def _options(op: Op, form: str, template: str, params: dict[str, Any]) -> list[str]:
    """Return the parameters of a call that are not as by default, and not in the template."""
    found = []
    neutral = {"max": -np.inf, "min": np.inf}.get(op.name.removeprefix("nan"))
    for name, value in params.items():
        usual = name in op.defaults and (
            value is op.defaults[name]
            or (not isinstance(value, np.ndarray) and value == op.defaults[name])
        )
        changes_nothing = (name == "where" and value is True) or (
            name == "initial" and value is not None and value == neutral
        )
        if usual or changes_nothing or name in _UNSAID or f"{{{name}}}" in template:
            continue
        text = _inside(value, form)
        if len(text) > 24:
            text = _dots(form)
        if name in op.defaults:
            shown = name.replace("_", r"\_")
            text = rf"\text{{{shown}}}={text}" if form == "latex" else f"{name}={text}"
        found.append(text)
    return found


def _dots(form: str) -> str:
    return r"\ldots" if form == "latex" else "…"


def _plain(x: Any, form: str) -> str:
    if isinstance(x, bool) or x is None:
        return str(x)
    number = latex_number if form == "latex" else format_number
    if isinstance(x, (int, float, np.number)):
        return number(x)
    if isinstance(x, np.ndarray):
        return _array(x, form)
    if isinstance(x, slice):
        ends = ["" if v is None else str(v) for v in (x.start, x.stop, x.step)]
        return ":".join(ends[: 3 if x.step is not None else 2])
    if x is Ellipsis:
        return _dots(form)
    if isinstance(x, tuple):
        return ", ".join(_inside(v, form) for v in x)
    if isinstance(x, list):
        return "[" + ", ".join(_inside(v, form) for v in x) + "]"
    return str(x)


def _inside(x: Any, form: str) -> str:
    """Print a plain value among others: a tuple in parentheses, unless it has one element."""
    text = _plain(x, form)
    return f"({text})" if isinstance(x, tuple) and len(x) != 1 else text


def _array(x: Any, form: str) -> str:
    """Print an array: an index or a mask by its elements, others where they are all the same."""
    if x.dtype.kind not in "biu":
        if x.ndim == 2 and np.array_equal(x, np.eye(*x.shape)):
            return "I"
        alike = x.size and np.all(x == x.flat[0])
        return _plain(x.flat[0], form) if alike else _dots(form)
    if x.ndim != 1:
        kind = "mask" if x.dtype.kind == "b" else "indices"
        name = rf"\text{{{kind} }}" if form == "latex" else f"{kind} "
        return f"{name}{x.shape}" if x.ndim else _plain(x.item(), form)
    shown = [_plain(v, form) for v in x[:8].tolist()]
    return f"[{', '.join([*shown, *[_dots(form)][: x.size > 8]])}]"


def latex_number(x: Any) -> str:
    r"""Write a number with four significant digits as LaTeX.

    Examples
    --------
    >>> latex_number(-0.123456), latex_number(1.5e-9), latex_number(float("inf"))
    ('-0.1235', '1.5 \\cdot 10^{-9}', '\\infty')
    """
    text = format_number(x).replace("−", "-").replace("∞", r"\infty")
    digits, e, power = text.replace("NaN", r"\mathrm{NaN}").partition("e")
    return rf"{digits} \cdot 10^{{{power}}}" if e else digits


def format_number(x: Any, digits: int = 4) -> str:
    """Write a number with four significant digits and a proper minus sign.

    Examples
    --------
    >>> format_number(-0.123456), format_number(33.0), format_number(1.5e-9)
    ('−0.1235', '33', '1.5e−9')
    """
    return _formatted(float(x), digits)


@functools.lru_cache(maxsize=4096)  # a picture shows a number several times
def _formatted(value: float, digits: int) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == int(value) and abs(value) < 10**6:
        text = str(int(value))
    else:
        text = f"{value:.{digits}g}"
        text = re.sub(r"e([+-])0*(\d)", lambda m: f"e{'-' if m[1] == '-' else ''}{m[2]}", text)
    return text.replace("-", "−")


_POWER = re.compile(r"\^(?:\((−\d+)\)|(\d+)(?![\d.e]))")
_SUPERSCRIPTS = str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def raised(text: str) -> str:
    """Return a formula with whole powers as superscripts.

    >>> raised("1 − A1^2")
    '1 − A1²'
    """
    return _POWER.sub(lambda m: (m[1] or m[2]).translate(_SUPERSCRIPTS), text)
