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
import functools
import inspect
import keyword
import linecache
import weakref
from typing import TYPE_CHECKING, Any, Protocol, cast, overload

import numpy as np

from autograd.codegen import namespace, push_source, record_source
from autograd.errors import AutogradError, GradientError, RuleError
from autograd.messages import PASSES, explain, too_high
from autograd.node import Ended, next_id
from autograd.registry import COMPOSITES, HIDDEN, OPS
from autograd.symbol import BINARY
from autograd.tensor import Tensor, arrayed, has_tensors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.node import Given, Node

__all__ = ["COMPOSITES", "OPS", "Composite", "Op", "Recorder", "composite", "op"]

from_engine = True

REFLECTED = {name: f"__r{dunder}__" for dunder, name in BINARY.items()}


class Recorder(Protocol):
    """What `@op` returns: a function that computes and records, with its declaration attached."""

    op: Op
    __name__: str

    @overload
    def __call__(self, a: Tensor, /, *operands: Any, **params: Any) -> Tensor: ...
    @overload
    def __call__(self, *operands: Any, **params: Any) -> Any: ...
    def __call__(self, *operands: Any, **params: Any) -> Any:
        """Compute and record; given no Tensor, compute only."""

    def vjp(self, **rules: Callable[..., Any] | None) -> None:
        """Declare the derivative rules, one keyword for each operand."""


def op(
    function: Callable[..., Any] | None = None,
    /,
    *,
    symbol: str | None = None,
    samples: Sequence[str] | None = None,
    latex: str | None = None,
    text: str | None = None,
    binds: int | None = None,
    associative: bool = False,
    domain: dict[str, Any] | None = None,
    kinks: bool = False,
    bilinear: bool = False,
    mixes: str | None = None,
    selects: bool = False,
    moves: bool = False,
    ties: Callable[[Any, tuple[int, ...]], Any] | None = None,
    elementwise: bool | None = None,
    limit: Callable[..., Any] | None = None,
    accumulates: bool = False,
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
        For an operand, the interval its sample values are drawn from, (-2, 2) otherwise; or a
        function that makes a valid operand of such values.
    absent : dict, optional
        Operands that may be left out or None, and the number that then stands for them.
    kinks : bool
        The derivative jumps somewhere; the checks keep their samples away from ties and zeros.
    bilinear : bool
        Linear in each operand, as products are. Lets the engine keep a cotangent of 0 apart from
        values that are not finite, where a rule adds up products of both.
    mixes : {"axis", "matrices"}, optional
        A result reads cotangents of its own slice only: along the parameter ``axis``, or of its own
        matrix in a stack. Lets a slice whose cotangents are all 0 stay apart from values that are
        not finite. Rules that are a factor for each element need not say so.
    selects : bool
        Takes elements of its operands and leaves others out, as ``where`` and ``maximum`` do. A
        gradient of 0 that it makes is one for good, and hides no limit.
    moves : bool
        Each element of the result is an element of an operand, unchanged, in another place. What is
        known of a value, such as that a sigmoid made it, is known of its parts.
    ties : callable, optional
        Takes a result and the shape of the operand, and returns which elements of the result have
        cotangents that the rule divides by 0, as it does for eigenvectors of equal eigenvalues. The
        rule divides by `autograd.zeros.strong_quotient`.
    elementwise : bool, optional
        Each element of the result depends on the same element of each operand only, after
        broadcasting. Found out from the forward function where the op has no parameters; with
        parameters it is False unless it is said. A drawing of numbers that are not those of the
        arrays is refused.
    limit : callable, optional
        Made by `autograd.ops.kinks.limit` from the limit of (f(a) − f(a₀)) · f′(a) at points a₀
        where the derivative of f by its first operand is infinite: ½ for √a. A recorded backward
        pass then knows the slope of √a · √a at 0.
    accumulates : bool
        Adds up or multiplies many elements: half precision is then computed in single precision.

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
    if function is not None or symbol is None or samples is None:
        raise TypeError(
            "op: needs what a drawing writes, and inputs to check it on; write "
            '@op(symbol="cube", samples=["2,3", "_"]) above the function, and its rule below: '
            "cube.vjp(a=lambda g, a: g * 3 * a * a)."
        )

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
            bilinear=bilinear,
            mixes=mixes,
            selects=selects,
            moves=moves,
            ties=ties,
            elementwise=elementwise,
            limit=limit,
            accumulates=accumulates,
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
    operator: Any  # the same for ``a * b``, which leaves to other objects what it does not know
    push: Callable[..., None]

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
        domain: dict[str, Any],
        kinks: bool,
        bilinear: bool,
        mixes: str | None,
        selects: bool,
        moves: bool,
        ties: Callable[[Any, tuple[int, ...]], Any] | None,
        elementwise: bool | None,
        limit: Callable[..., Any] | None,
        accumulates: bool,
        absent: dict[str, float],
    ) -> None:
        self.name: str = forward.__name__
        self.forward = forward
        self.symbol, self.samples = symbol, samples
        self.domain, self.absent = domain, absent
        self.binds, self.associative = binds, associative
        self.kinks, self.bilinear, self.accumulates = kinks, bilinear, accumulates
        self.mixes, self.selects, self.moves = mixes, selects, moves
        self.limit, self.ties = limit, ties
        self._elementwise = elementwise
        self._latex, self._text = latex, text
        self.doc = inspect.getdoc(forward) or ""
        self.rules: dict[str, Callable[..., Any] | None] = {}
        self.asks: dict[str, list[str]] = {}  # for each rule, the names of its parameters
        self._read_signature()
        if mixes not in (None, "axis", "matrices") or (
            mixes == "axis" and "axis" not in self.params
        ):
            raise RuleError(
                f"@op {self.name}: mixes needs to be 'matrices', or 'axis' for an op with a "
                f"parameter axis, got {mixes!r}."
            )
        self.saved: tuple[str, ...] = ()
        self.saved_slots: tuple[int, ...] = ()
        # Takes the rule's place where it can: adds to a part of the operand's cotangent, in place.
        self.add_to: Callable[..., None] | None = None
        self.flat = False  # whether the derivative is 0 everywhere
        self.flat_in: set[str] = set()  # the operands by which it is
        self.multiplies = False  # whether rules read values, with which 0 · ∞ may come up
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
        self.keywords = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
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
        # For each saved name the operand whose value it is; -2 for the result, -1 for none.
        self.saved_slots = tuple(
            self.operands.index(n) if n in self.operands else -2 if n == "out" else -1
            for n in self.saved
        )
        self.flat = all(rule is None for rule in self.rules.values())
        self.flat_in = {name for name, rule in self.rules.items() if rule is None}
        self.multiplies = not wanted.isdisjoint({"out", *self.operands})
        self._generate()

    @property
    def elementwise(self) -> bool:
        """Whether each element of the result depends on the same element of the operands only.

        Where the declaration does not say it, the forward function is asked once: it is so if each
        element computed alone comes out as in an array, wherever it stands there.
        """
        if self._elementwise is None:
            self._elementwise = not self.variadic and not self.params and _keeps_places(self)
        return self._elementwise

    def pull(self, node: Node, saved: tuple[Any, ...], g: Any) -> Sequence[Any]:
        """Return what the rules give to each operand of a node; None where none is needed.

        Parameters
        ----------
        node : Node
            One that this op made.
        saved : tuple
            What the rules read, in the order of `saved`.
        g : array, Tensor or Symbol
            The cotangent of the result.
        """
        known = dict(zip(self.saved, saved, strict=True), g=g)
        known.update(zip(self.params, node.params, strict=True))
        names = self.operands * len(node.parents) if self.variadic else self.operands
        found = []
        for i, (name, parent) in enumerate(zip(names, node.parents, strict=True)):
            rule = None if parent is None else self.rules.get(name)
            known["i"] = i
            found.append(None if rule is None else rule(*[known[n] for n in self.asks[name]]))
        return found

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
        slots = [f"{{{name}}}" for name in names]
        given = self._latex if form == "latex" and self._latex is not None else self._text
        if given is not None:  # an op of any number of operands names them all at once
            return given.replace(f"{{*{self.operands[0]}}}", ", ".join(slots))
        if self.binds is not None and len(slots) == 2:
            return f"{slots[0]} {self.symbol} {slots[1]}"
        upright = self.symbol.replace("_", r"\_")
        head = rf"\operatorname{{{upright}}}" if form == "latex" else self.symbol
        return f"{head}({', '.join(slots)})"

    def _generate(self) -> None:
        """Write the functions that record and push back from the declaration."""
        space = self._namespace
        space.update({f"_rule_{name}": rule for name, rule in self.rules.items()})
        reflected = REFLECTED.get(self.name, "")
        parts = [record_source(self), push_source(self)]
        if reflected:
            parts.append(record_source(self, reflected))
        source = "\n".join([line for part in parts for line in [*part, ""]])
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
        if reflected:  # what the operator of Tensor calls: `a * b`
            self.operator = space[f"_operator_{self.name}"]
            self.operator.__doc__, self.operator.__name__ = self.doc, self.name
        self.push = space["_push"]


class Composite:
    """A declared function of ops: it records the ops it calls, and needs no rule of its own."""

    call: Callable[..., Any]

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        samples: tuple[str, ...],
        domain: dict[str, Any],
        kinks: bool,
    ) -> None:
        self.name: str = function.__name__
        self.function, self.samples, self.domain = function, samples, domain
        self.kinks = kinks
        self.doc = inspect.getdoc(function) or ""
        parameters = inspect.signature(function).parameters.values()
        self.params = tuple(p.name for p in parameters)
        self.defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
        kinds = [p.kind for p in parameters]
        self.is_plain = inspect.Parameter.VAR_POSITIONAL not in kinds
        self.by_place = sum(kind <= inspect.Parameter.POSITIONAL_OR_KEYWORD for kind in kinds)

    def __repr__(self) -> str:
        return f"<composite {self.name}({', '.join(self.params)})>"

    def given(self, args: tuple[Any, ...], params: dict[str, Any]) -> list[Given]:
        """Return the arguments of a call in the order of the parameters.

        Arrays that could have been passed by position have no name.
        """

        def found(x: Any) -> Any:
            return [*map(_as_given, x)] if type(x) in (list, tuple) else _as_given(x)

        given: list[Given] = [("", found(x)) for x in args]
        rest = params
        if self.is_plain:  # no *args, which take any number of places
            for place, name in enumerate(self.params[len(args) :], len(args)):
                if name in params:
                    x = found(params[name])
                    unsaid = place == len(given) and place < self.by_place and type(x) is not str
                    given.append(("" if unsaid else name, x))
            rest = {name: x for name, x in params.items() if name not in self.params}
        return given + [(name, found(x)) for name, x in rest.items()]


def _ended(declared: Composite, result: Any, first: int, args: Any, params: Any) -> Any:
    """Write on the nodes of a composite function's results which call has ended with them."""
    given: list[Given] | None = None
    fields = getattr(result, "_fields", None)
    for place, x in enumerate(result if isinstance(result, (tuple, list)) else (result,)):
        node = x._node if type(x) is Tensor else None
        # A call that has recorded one op is that op.
        if node is not None and node.id > first + 1 and node.op is not None:
            if given is None:
                given = declared.given(args, params)
            field = None if fields is None else fields[place]
            node.more().call = Ended(declared.name, first, place, given, field)
    return result


def _as_given(x: Any) -> Any:
    """Return what finds an argument of a call again, and keeps no array alive.

    For a tensor with a graph that is the id of its node, for named data its name, for other arrays
    a weak reference; for a number its text; else None.
    """
    if type(x) is Tensor:
        if x._node is not None:
            return x._node.id
        known = x._constant
        if known is not None and (known.name or known.expression):
            return known.name or known.expression
        x = x._value
    if isinstance(x, np.ndarray):
        return weakref.ref(x) if x.ndim else f"{x:.4g}" if x.dtype.kind in "fiu" else None
    if type(x) is bool or isinstance(x, np.bool_):
        return str(x)
    return f"{x:.4g}" if isinstance(x, (int, float, np.number)) else None


def composite(
    function: Callable[..., Any] | None = None,
    /,
    *,
    samples: Sequence[str] = (),
    domain: dict[str, Any] | None = None,
    kinks: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a function that is written with ops, under NumPy's name and with its parameters.

    It needs no rule, because the ops that it calls have theirs; a drawing shows one card, which
    opens into them. As with `op`, NumPy dispatch, the gradient checks and the reference page follow
    from the declaration.

    Parameters
    ----------
    samples : sequence of str
        Inputs to check it on, written as for `op`; ``weights:3`` is an array passed by keyword, and
        ``tup:2,3|1,3`` a list of two.
    domain : dict, optional
        For a parameter, the interval its sample values are drawn from; (-2, 2) otherwise.
    kinks : bool
        The derivative jumps somewhere.

    Returns
    -------
    callable
        A decorator; what it returns raises ShapeError or DTypeError, with the name and the shapes,
        where the function raised NumPy's own ValueError or TypeError.

    Examples
    --------
    >>> from autograd import COMPOSITES, composite, grad
    >>> @composite(samples=["3"])
    ... def energy(a):
    ...     return (a * a).sum() / 2
    >>> grad(energy)([1.0, 2.0])
    [1.0, 2.0]
    >>> del COMPOSITES["energy"]
    """
    if function is not None or not samples:
        raise TypeError(
            'composite: needs inputs to check the function on; write @composite(samples=["3"]) '
            'above it, or samples=["2,3 3"] for two arrays.'
        )

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        declared = Composite(function, samples=tuple(samples), domain=domain or {}, kinks=kinks)

        @functools.wraps(function)
        def call(*args: Any, **params: Any) -> Any:
            first = next_id()
            try:
                return _numbers(_ended(declared, function(*args, **params), first, args, params))
            except GradientError:
                # A list of tensors that NumPy was asked to make an array of: it is one of ours.
                joined = [arrayed(x) if type(x) is list and has_tensors(x) else x for x in args]
                if all(x is y for x, y in zip(joined, args, strict=True)):
                    raise
                return _numbers(function(*joined, **params))
            except AutogradError:
                raise
            except Exception as error:
                given = [y for x in args for y in (x if isinstance(x, (list, tuple)) else [x])]
                arrays = [x for x in given if hasattr(x, "shape")]
                raise explain(declared, error, arrays, params) from error

        known = COMPOSITES.get(declared.name)
        if known is not None and known.function.__module__ != function.__module__:
            raise RuleError(
                f"@composite {declared.name}: the name is taken by {known.function.__module__}; "
                f"choose another."
            )
        COMPOSITES[declared.name] = declared
        cast("Any", call).composite = declared
        declared.call = call
        return call

    return declare


def _numbers(result: Any) -> Any:
    """Return the result with arrays of no axes as numbers, as ops give them."""
    if type(result) is np.ndarray:
        return result if result.ndim else result[()]
    if isinstance(result, tuple):
        found = [_numbers(x) for x in result]
        return result._make(found) if hasattr(result, "_make") else tuple(found)
    return [_numbers(x) for x in result] if isinstance(result, list) else result


def _keeps_places(op: Op) -> bool:
    """Whether a forward function computes each element by itself, on numbers of its domain."""
    rng = np.random.default_rng(0)
    small = []
    for name in op.operands:
        ends = op.domain.get(name)
        low, high = np.clip(ends, -9, 9) if isinstance(ends, tuple) else (0.3, 0.7)
        small.append(rng.uniform(low, high, (2, 3)))
    sizes = np.array([[1.0, 100.0, 0.01], [10.0, -3.0, 1.0]])  # of one element beside another
    return all(_apart(op, [x * size for x in small]) for size in (1.0, sizes))


def _apart(op: Op, given: list[Any]) -> bool:
    """Whether each element of a result is the same if it is computed alone, or stands elsewhere."""
    try:
        with np.errstate(all="ignore"):
            out, moved, one = (
                np.asarray(op.forward(*xs))
                for xs in (given, [x.ravel()[::-1] for x in given], [x[:1, :1] for x in given])
            )
            alone = [
                np.asarray(op.forward(*(x[place] for x in given))) for place in np.ndindex(2, 3)
            ]
    except Exception:  # it needs other shapes than these
        return False
    shapes = out.shape, moved.shape, one.shape
    if shapes != ((2, 3), (6,), (1, 1)) or any(x.shape for x in alone):
        return False
    same = np.allclose(out.ravel(), alone, rtol=1e-6, equal_nan=True)
    return bool(same and np.allclose(out.ravel(), moved[::-1], rtol=1e-6, equal_nan=True))


def _known_name(where: str, what: str, name: str, known: list[str]) -> None:
    if name not in known:
        close = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]!r}?" if close else "rename it."
        raise RuleError(f"{where}: there is no {what} {name!r}, only {', '.join(known)}; {hint}")


def _substitute() -> None:
    """Declare the op behind a strong zero: other values at some places, the derivative of a."""

    @op(symbol="substitute", text="{a}", latex="{a}", elementwise=True, samples=())
    def substitute(a: Any, /, places: Any, values: Any, passes: int = 0, of: str = "") -> Any:
        """Put values at places, and leave the derivative that of a.

        `passes` counts the recorded passes through a kink behind it, this one included; 0 where a
        strong zero has put the values. `of` names the op that has the kink.
        """
        return np.where(places, values, a)

    def pulled(g: Any, passes: int, of: str) -> Any:
        if passes >= PASSES and type(g) is Tensor:  # in one more recorded pass
            raise too_high(of)
        return g

    substitute.vjp(a=pulled)
    HIDDEN["substitute"] = OPS.pop("substitute")


_substitute()
