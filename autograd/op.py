r"""One declaration per op: `@op` turns a NumPy function into a recorded, differentiable one.

    @op(symbol="·", latex=r"{a} \\, {b}", binds=20, samples=["2,3 2,3", "3,1 1,4", "_ 2"])
    def multiply(a, b):
        '''Elementwise product.'''
        return a * b

    multiply.vjp(a=lambda g, b: g * b,
                 b=lambda g, a: g * a)

A rule is keyed by the operand it differentiates and asks by name for what it needs: `g` (the
cotangent of the result), `out`, any operand, any keyword parameter, `<operand>_shape`. What no rule
asks for is not kept alive. Everything else follows from the registry `OPS`: NumPy dispatch, tensor
methods, the gradient checks, the reference page, the drawing.

Each op gets its own recording function, generated once from its declaration (as dataclasses do for
`__init__`): interpreting the declaration on every call would cost more than the arithmetic.
"""

from __future__ import annotations

import difflib
import inspect
import keyword
import linecache
from typing import TYPE_CHECKING, Any, Protocol, cast

from autograd.errors import RuleError
from autograd.recording import namespace, pull_source, record_source

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.node import Node

__all__ = ["OPS", "Op", "Recorder", "op"]

from_engine = True

OPS: dict[str, Op] = {}


class Recorder(Protocol):
    """What `@op` returns: a function that computes and records, with its declaration attached."""

    op: Op
    __name__: str

    def __call__(self, *operands: Any, **params: Any) -> Any:
        """Compute and record; given no Tensor, compute only."""

    def vjp(self, **rules: Callable[..., Any] | None) -> None:
        """Declare the derivative rules, one keyword for each operand."""


def op(
    *,
    symbol: str,
    samples: Sequence[str],
    latex: str | None = None,
    text: str | None = None,
    binds: int | None = None,
    associative: bool = False,
    domain: dict[str, tuple[float, float]] | None = None,
    kinks: bool = False,
    absent: dict[str, float] | None = None,
) -> Callable[[Callable[..., Any]], Recorder]:
    r"""Declare an op from its forward function, which takes and returns plain arrays.

    The function's parameters without a default are operands (or, where it has a ``/``, those before
    it); the others are keyword parameters. A single ``*operands`` makes a variadic op, called with
    one sequence, as ``concatenate`` is.

    Parameters
    ----------
    symbol : str
        What a drawing writes in the header of the op's card.
    samples : sequence of str
        Inputs to check the op on: one shape for each operand, axes separated by commas, ``_`` for a
        0-d operand, then keyword parameters: ``"2,3 3 axis=0"``.
    latex, text : str, optional
        Templates such as ``r"\\frac{{a}}{{b}}"``. Without them: infix for a binary op that binds,
        and ``symbol(a, b)`` otherwise.
    binds : int, optional
        How tightly the printed formula binds (sums 10, products 20, signs 15, powers 40).
    associative : bool
        ``a op (b op c)`` may be printed without parentheses.
    domain : dict, optional
        For an operand, the interval its sample values are drawn from; (-2, 2) otherwise.
    absent : dict, optional
        Operands that may be left out or None, and the number that then stands for them.
    kinks : bool
        The derivative jumps somewhere; the checks keep their samples away from ties and zeros.

    Returns
    -------
    callable
        A decorator; the function it returns has a method ``vjp`` that takes the rules.

    Raises
    ------
    RuleError
        If the declaration cannot work: unknown names, an op of that name made elsewhere.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import OPS, Tensor, op
    >>> @op(symbol="cube", latex=r"{a}^3", samples=["2,3", "_"])
    ... def cube(a):
    ...     '''Third power.'''
    ...     return a * a * a
    >>> cube.vjp(a=lambda g, a: g * 3 * a * a)
    >>> x = Tensor(2.0, requires_grad=True)
    >>> cube(x).backward()
    >>> x.grad
    array(12.)
    >>> del OPS["cube"]
    """

    def declare(forward: Callable[..., Any]) -> Recorder:
        declared = Op(
            forward,
            symbol=symbol,
            samples=tuple(samples),
            latex=latex,
            text=text,
            binds=binds,
            associative=associative,
            domain=domain or {},
            kinks=kinks,
            absent=absent or {},
        )
        known = OPS.get(declared.name)
        if known is not None and known.forward.__module__ != forward.__module__:
            raise RuleError(
                f"@op {declared.name}: the name is taken by {known.forward.__module__}; "
                f"choose another."
            )
        OPS[declared.name] = declared
        return declared.record

    return declare


class Op:
    """A declared op: its forward function, its rules, how it prints, what it is checked on."""

    record: Recorder
    pull: Callable[[Node, tuple[Any, ...], Any], Sequence[Any]]

    def __init__(
        self,
        forward: Callable[..., Any],
        *,
        symbol: str,
        samples: tuple[str, ...],
        latex: str | None,
        text: str | None,
        binds: int | None,
        associative: bool,
        domain: dict[str, tuple[float, float]],
        kinks: bool,
        absent: dict[str, float],
    ) -> None:
        self.name: str = forward.__name__
        self.forward = forward
        self.symbol, self.samples, self.domain, self.absent = symbol, samples, domain, absent
        self.binds, self.associative, self.kinks = binds, associative, kinks
        self._latex, self._text = latex, text
        self.doc = inspect.getdoc(forward) or ""
        self.rules: dict[str, Callable[..., Any] | None] = {}
        self.asks: dict[str, list[str]] = {}  # for each rule, the names of its parameters
        self._read_signature()
        self.saved: tuple[str, ...] = ()
        self._namespace = namespace(self)
        self._generate()

    def __repr__(self) -> str:
        return f"<op {self.name}({', '.join(self.operands)})>"

    # -- the declaration ---------------------------------------------------------------------------

    def _read_signature(self) -> None:
        parameters = list(inspect.signature(self.forward).parameters.values())
        before_slash = [p for p in parameters if p.kind is p.POSITIONAL_ONLY]
        star = [p for p in parameters if p.kind is p.VAR_POSITIONAL]
        self.variadic = bool(star)
        found = star or before_slash or [p for p in parameters if p.default is p.empty]
        self.operands = tuple(p.name for p in found)
        self.params = tuple(p.name for p in parameters if p.name not in self.operands)
        self.defaults = {
            p.name: p.default
            for p in parameters
            if p.name in self.params and p.default is not p.empty
        }
        used = {"g", "out", "i", "type", "tuple", "dict", "any", "zip", "enumerate", "hasattr"}
        odd = [n for n in (*self.operands, *self.params) if n.startswith("_") or n in used]
        if odd or not self.operands or any(p.kind is p.VAR_KEYWORD for p in parameters):
            raise RuleError(
                f"@op {self.name}: needs named operands other than {', '.join(sorted(used))} and "
                f"_private ones, got {inspect.signature(self.forward)}; rename them."
            )
        if not self.name.isidentifier() or keyword.iskeyword(self.name):
            raise RuleError(f"@op {self.name}: the forward function needs a plain name.")

    def vjp(self, **rules: Callable[..., Any] | None) -> None:
        """Declare the derivative rules.

        Parameters
        ----------
        **rules
            For each operand, a plain expression that takes the cotangent `g` of the result, and
            whatever else it asks for by name, and returns the cotangent of that operand (its
            broadcasting and dtype are undone by the engine). None says that the derivative is zero.

        Raises
        ------
        RuleError
            If a rule differentiates or asks for something that the op does not have.
        """
        known = ["g", "out", *self.operands, *self.params, *(f"{n}_shape" for n in self.operands)]
        known += ["i"] if self.variadic else []
        for operand, rule in rules.items():
            _known_name(f"{self.name}.vjp", "operand", operand, list(self.operands))
            if rule is None and self.variadic:
                raise RuleError(f"{self.name}.vjp: a variadic op needs a rule for {operand}.")
            asks = [] if rule is None else list(inspect.signature(rule).parameters)
            for name in asks:
                _known_name(f"{self.name}.vjp({operand}=...)", "name", name, known)
            self.rules[operand], self.asks[operand] = rule, asks
        wanted = {name for asks in self.asks.values() for name in asks}
        available = ["out", *self.operands, *(f"{n}_shape" for n in self.operands)]
        self.saved = tuple(name for name in available if name in wanted)
        self._generate()

    def needed(self, differentiated: Sequence[bool]) -> set[str]:
        """Return the saved names that the rules of these operands read."""
        names = self.operands * len(differentiated) if self.variadic else self.operands
        return {
            name
            for operand, wanted in zip(names, differentiated, strict=False)
            if wanted
            for name in self.asks.get(operand, [])
        }

    def template(self, form: str, names: Sequence[str]) -> str:
        """Return the text or LaTeX template of the op on these operand names."""
        given = self._latex if form == "latex" else self._text
        if given is not None:
            return given
        if form == "latex" and self._text is not None and self._latex is None:
            return self._text
        slots = [f"{{{name}}}" for name in names]
        if self.binds is not None and len(slots) == 2:
            return f"{slots[0]} {self.symbol} {slots[1]}"
        head = rf"\operatorname{{{self.symbol}}}" if form == "latex" else self.symbol
        return f"{head}({', '.join(slots)})"

    def _generate(self) -> None:
        """Write the recording function and the pulling function from the declaration."""
        space = self._namespace
        space.update({f"_rule_{name}": rule for name, rule in self.rules.items()})
        source = "\n".join([*record_source(self), "", *pull_source(self), ""])
        filename = f"<op {self.name}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        exec(compile(source, filename, "exec"), space)
        generated = space[self.name]
        if not hasattr(self, "record"):
            generated.__doc__, generated.__wrapped__ = self.doc, self.forward
            generated.__qualname__, generated.__module__ = self.name, self.forward.__module__
            generated.op, generated.vjp = self, self.vjp
            self.record = cast("Recorder", generated)
        else:  # the name is already bound wherever the op was declared: give that function new code
            cast("Any", self.record).__code__ = generated.__code__
        self.pull = space["_pull"]


def _known_name(where: str, what: str, name: str, known: list[str]) -> None:
    if name not in known:
        close = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]!r}?" if close else "rename it."
        raise RuleError(f"{where}: there is no {what} {name!r}, only {', '.join(known)}; {hint}")
