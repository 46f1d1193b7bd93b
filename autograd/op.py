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
import sys
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from autograd.anomaly import inspect_forward
from autograd.errors import AutogradError, DTypeError, GradientError, RuleError, ShapeError
from autograd.node import Constant, Node, next_id
from autograd.state import STATE
from autograd.symbol import Symbol, apply
from autograd.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["OPS", "Op", "Recorder", "op"]

from_engine = True

OPS: dict[str, Op] = {}

# Operand types that are taken as they are; anything else is looked at first.
_ATOMS = frozenset({int, bool, float, str, type(None)})  # parameters that cannot change
_PLAIN_NUMBERS = frozenset({float, int, bool, np.float64, np.float32, np.float16, np.int64})


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
    ) -> None:
        self.name: str = forward.__name__
        self.forward = forward
        self.symbol, self.samples, self.domain = symbol, samples, domain
        self.binds, self.associative, self.kinks = binds, associative, kinks
        self._latex, self._text = latex, text
        self.doc = inspect.getdoc(forward) or ""
        self.rules: dict[str, Callable[..., Any] | None] = {}
        self._asks: dict[str, list[str]] = {}  # for each rule, the names of its parameters
        self._read_signature()
        self.saved: tuple[str, ...] = ()
        self._namespace = self._initial_namespace()
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
            asks = [] if rule is None else list(inspect.signature(rule).parameters)
            for name in asks:
                _known_name(f"{self.name}.vjp({operand}=...)", "name", name, known)
            self.rules[operand], self._asks[operand] = rule, asks
        wanted = {name for asks in self._asks.values() for name in asks}
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
            for name in self._asks.get(operand, [])
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

    # -- generated code ----------------------------------------------------------------------------

    def _initial_namespace(self) -> dict[str, Any]:
        namespace = {
            "__name__": self.forward.__module__,
            "from_engine": True,
            "_forward": self.forward,
            "_op": self,
            "_Tensor": Tensor,
            "_Node": Node,
            "_new": object.__new__,
            "_next_id": next_id,
            "_state": STATE.get,
            "_array": np.ndarray,
            "_frame": sys._getframe,
            "_numbers": _PLAIN_NUMBERS,
            "_coerce": _coerce,
            "_own": _own,
            "_frozen": frozen,
            "_inspect": inspect_forward,
            "_atoms": _ATOMS,
            "_constant": _constant,
            "_plain": _plain,
            "_explain": _explain,
            "_no_rule": _no_rule,
        }
        namespace.update({f"_default_{name}": value for name, value in self.defaults.items()})
        return namespace

    def _generate(self) -> None:
        """Write the recording function and the pulling function from the declaration."""
        space = self._namespace
        space.update({f"_rule_{name}": rule for name, rule in self.rules.items()})
        source = "\n".join([*self._record_source(), "", *self._pull_source(), ""])
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

    def _record_source(self) -> list[str]:
        names, variadic = self.operands, self.variadic
        tracked = [n for n in names if not (n in self.rules and self.rules[n] is None)]
        default = [f"{p}=_default_{p}" if p in self.defaults else p for p in self.params]
        params = ", ".join(f"{p}={p}" for p in self.params)
        values = [f"_v_{n}" for n in names]
        lines = [f"def {self.name}({', '.join([*names, *default])}):"]
        if variadic:
            (n,) = names
            call = ", ".join(filter(None, [f"*_v_{n}", params]))
            lines += [
                f"    {n} = tuple({n})",
                f"    if not any([type(x) is _Tensor for x in {n}]):",
                f"        return _plain(_op, {n}, dict({params}))",
                f"    _v_{n} = tuple([x._value if type(x) is _Tensor else _coerce(_op, x) "
                f"for x in {n}])",
                f"    _parents = tuple([x._node if type(x) is _Tensor else None for x in {n}])",
                "    _needed = any([p is not None for p in _parents])",
            ]
        else:
            call = ", ".join(filter(None, [", ".join(values), params]))
            none = " and ".join(f"type({n}) is not _Tensor" for n in names)
            lines += [
                f"    if {none}:",
                f"        return _plain(_op, ({', '.join(names)},), dict({params}))",
            ]
            for n in names:
                node = f"{n}._node" if n in tracked else "None"
                lines += [
                    f"    if type({n}) is _Tensor:",
                    f"        _n_{n}, _v_{n} = {node}, {n}._value",
                    "    else:",
                    f"        _n_{n} = None",
                    f"        _v_{n} = {n} if type({n}) in _numbers else _coerce(_op, {n})",
                ]
        everything = f"_v_{n}" if variadic else f"({', '.join(values)},)"
        lines += [
            "    try:",
            f"        out = _forward({call})",
            "        _shape = out.shape",
            "    except Exception as _error:",
            f"        raise _explain(_op, _error, {everything}, dict({params}))",
            "    if type(out) is _array:",
            "        if _shape:",
            "            out.setflags(write=False)",
            "        else:",
            "            out = out[()]",
            "    _result = _new(_Tensor)",
            "    _result._value, _result._constant = out, None",
        ]
        parents = "_parents" if variadic else f"({', '.join(f'_n_{n}' for n in names)},)"
        some = "_needed" if variadic else " or ".join(f"_n_{n} is not None" for n in tracked)
        lines += [
            f"    _modes = _state() if {some or 'False'} else None",
            "    if _modes is None or not _modes.recording:",
            "        _result._node = None",
            "        return _result",
        ]
        for n in tracked:
            if n not in self.rules:
                held = "_needed" if variadic else f"_n_{n} is not None"
                lines += [f"    if {held}:", f"        raise _no_rule(_op, {n!r})"]
        lines += [
            "    _result._node = _node = _new(_Node)",
            "    _node.id, _node.op, _node.extra, _node.walked = _next_id(), _op, None, False",
            f"    _node.parents = {parents}",
            f"    _node.saved = {self._saved_source()}",
            f"    _node.params = ({''.join(_kept_param(p) for p in self.params)})",
            "    _node.shape, _node.dtype = _shape, out.dtype",
            f"    _node.constants = {self._constants_source()}",
            "    _node.scope = _modes.scope",
            "    _caller = _frame(1)",
            "    while 'from_engine' in _caller.f_globals and _caller.f_back is not None:",
            "        _caller = _caller.f_back",
            "    _node.code, _node.lasti = _caller.f_code, _caller.f_lasti",
            "    if _modes.anomaly:",
            f"        _inspect(_node, out, {everything})",
            "    return _result",
        ]
        return lines

    def _saved_source(self) -> str:
        """Write the tuple of saved values: each one only if a rule that will run reads it."""
        items = []
        for name in self.saved:
            if self.variadic:
                n = self.operands[0]
                items.append(
                    f"tuple([v.shape if hasattr(v, 'shape') else () for v in _v_{n}])"
                    if name == f"{n}_shape"
                    else f"tuple([_own(v, x) for v, x in zip(_v_{n}, {n})])"
                    if name == n
                    else name
                )
                continue
            readers = [o for o, asks in self._asks.items() if name in asks]
            if name in self.operands:
                value = f"(_v_{name} if type({name}) is _Tensor else _own(_v_{name}, {name}))"
            elif name.endswith("_shape") and name.removesuffix("_shape") in self.operands:
                n = name.removesuffix("_shape")
                value = f"(_v_{n}.shape if hasattr(_v_{n}, 'shape') else ())"
            else:
                value = name
            if readers == list(self.operands):
                items.append(value)  # at least one of them is needed, or nothing is recorded
            else:
                needed = " or ".join(f"_n_{o} is not None" for o in readers)
                items.append(f"({value} if {needed} else None)")
        return f"({''.join(item + ', ' for item in items)})"

    def _constants_source(self) -> str:
        if self.variadic:
            n = self.operands[0]
            return f"tuple([_constant(x, p) for x, p in zip({n}, _parents)])"
        full = " and ".join(f"_n_{n} is not None" for n in self.operands)
        each = "".join(f"_constant({n}, _n_{n}), " for n in self.operands)
        return f"() if {full} else ({each})"

    def _pull_source(self) -> list[str]:
        """Write `_pull(node, saved, g)`: the parents' cotangents, None where none is needed."""
        lines = ["def _pull(_node, _saved, g):"]
        if self.saved:
            lines.append(f"    {', '.join(self.saved)}, = _saved")
        if self.params:
            lines.append(f"    {', '.join(self.params)}, = _node.params")
        if self.variadic:
            (n,) = self.operands
            call = f"_rule_{n}({', '.join(self._asks.get(n, []))})"
            lines.append(
                f"    return [None if p is None else {call} for i, p in enumerate(_node.parents)]"
            )
            return lines
        lines.append(f"    {', '.join(f'_n_{n}' for n in self.operands)}, = _node.parents")
        parts = [
            f"None if _n_{n} is None else _rule_{n}({', '.join(self._asks[n])})"
            if self.rules.get(n) is not None
            else "None"
            for n in self.operands
        ]
        lines.append(f"    return ({', '.join(parts)},)")
        return lines


# -- what generated code calls off its fast path ---------------------------------------------------


def _coerce(op: Op, x: Any) -> Any:
    """Return an operand that is no Tensor as a real array or number."""
    if isinstance(x, (bool, int, float)):
        return x
    try:
        value = np.asarray(x)
    except ValueError as error:
        raise DTypeError(
            f"{op.name}: needs real numbers, got {type(x).__name__}: {error}"
        ) from error
    if value.dtype.kind not in "biuf":
        raise DTypeError(
            f"{op.name}: needs real numbers, got {type(x).__name__} of dtype {value.dtype}; "
            "pass floats, or a Tensor of floats."
        )
    return value


def _own(value: Any, given: Any) -> Any:
    """Return a value to keep: a copy of an array that somebody could still write to."""
    return value if type(given) is Tensor else frozen(value)


def frozen(value: Any) -> Any:
    """Return what nobody else can change: copies of arrays and lists, in tuples too."""
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, tuple):
        return tuple(frozen(v) for v in value)
    if isinstance(value, list):
        return [frozen(v) for v in value]
    under = value
    while isinstance(under, np.ndarray):  # a read-only view can still change through its base
        if under.flags.writeable or (under.base is not None and type(under.base) is not np.ndarray):
            return value.copy()
        under = under.base
    return value


def _constant(x: Any, node: Node | None) -> Any:
    """Return what the graph remembers of an operand that needs no gradient."""
    if node is not None:
        return None
    if type(x) is Tensor:
        if x._node is not None:  # its derivative is zero here
            return Constant(x._value, x.name)
        if x._constant is None:
            x._constant = Constant(x._value)
        return x._constant
    if isinstance(x, (bool, int, float)):
        return x
    return Constant(x if type(x) is np.ndarray else np.asarray(x))


def _plain(op: Op, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
    """Apply the op where there is no Tensor: arrays in, an array out; symbols in, a formula out."""
    if any(type(x) is Symbol for x in operands):
        return apply(op.name, operands, params)
    values = tuple([_coerce(op, x) for x in operands])
    try:
        out = op.forward(*[np.asarray(v)[()] for v in values], **params)
        return out[()] if type(out) is np.ndarray and not out.ndim else out
    except Exception as error:
        raise _explain(op, error, values, params) from error


def _explain(
    op: Op, error: Exception, operands: tuple[Any, ...], params: dict[str, Any]
) -> Exception:
    """Say which op failed on which shapes, and keep the type that NumPy raised."""
    if isinstance(error, AutogradError):
        return error
    if isinstance(error, AttributeError) and "'shape'" in str(error):
        return RuleError(
            f"{op.name}: the forward function needs to return an array or a NumPy number; "
            "compute with NumPy functions rather than with math, or wrap it in np.float64()."
        )
    if "read-only" in str(error):
        return RuleError(
            f"{op.name}: the forward function writes into an operand, which a graph may need; "
            "compute a new array instead (a - m, not a -= m)."
        )
    shapes = " and ".join(str(np.shape(v)) for v in operands)
    given = "".join(
        f", {k}={_brief(v)}" for k, v in params.items() if v is not op.defaults.get(k, Op)
    )
    where = f"{op.name}: got shape{'s' if len(operands) > 1 else ''} {shapes}{given}"
    said = str(error).rstrip(".")
    if op.name == "matmul" and len(operands) == 2 and min(np.ndim(v) for v in operands) > 0:
        inner = np.shape(operands[0])[-1], np.shape(operands[1])[-2:][0]
        said = f"the inner lengths {inner[0]} and {inner[1]} must agree; transpose one with .T"
    kinds: dict[type[Exception], type[Exception]] = {ValueError: ShapeError, TypeError: DTypeError}
    kind = next((ours for theirs, ours in kinds.items() if type(error) is theirs), None)
    if kind is None and isinstance(error, np.exceptions.AxisError):
        return ShapeError(f"{where}: {said}; choose an axis the operand has.")
    if kind is None:
        error.add_note(where)
        return error
    return kind(f"{where}: {said}.")


def _kept_param(name: str) -> str:
    return f"{name} if type({name}) in _atoms else _frozen({name}), "


def _brief(value: Any) -> str:
    return f"array{np.shape(value)}" if isinstance(value, np.ndarray) else repr(value)


def _no_rule(op: Op, operand: str) -> GradientError:
    return GradientError(
        f"{op.name}: has no derivative rule for {operand!r}, which requires a gradient; "
        f"declare one with {op.name}.vjp({operand}=...), or pass {operand}.detach()."
    )


def _known_name(where: str, what: str, name: str, known: list[str]) -> None:
    if name not in known:
        close = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]!r}?" if close else "rename it."
        raise RuleError(f"{where}: there is no {what} {name!r}, only {', '.join(known)}; {hint}")
