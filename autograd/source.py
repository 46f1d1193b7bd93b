"""`to_source(J)`: the forward and the backward pass that a graph implies, as NumPy code.

Each op is printed as NumPy's function or operator, and each rule by tracing it with symbols from
which nothing is taken out. Every line is run on the recorded values before it is kept: a forward
line has to give the recorded value to the last bit, a backward line what the rule gives. A line
that cannot be printed so calls the engine's own function, or `vjp` of it.
"""

from __future__ import annotations

import ast
import functools
import inspect
import keyword
import re
import textwrap
import unicodedata
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.errors import GradientError
from autograd.functional import vjp
from autograd.graph import graph
from autograd.labels import latex_name
from autograd.program import UNKNOWN
from autograd.registry import COMPOSITES, OPS
from autograd.symbol import Exact, rule_arguments
from autograd.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autograd.graph import Graph
    from autograd.op import Op
    from autograd.program import Instruction

__all__ = ["Source", "to_source"]

_INFIX = {  # by NumPy's function: the operator, and how tightly it binds
    "add": ("+", 3),
    "subtract": ("-", 3),
    "multiply": ("*", 4),
    "divide": ("/", 4),
    "matmul": ("@", 4),
    "remainder": ("%", 4),
    "floor_divide": ("//", 4),
    "power": ("**", 6),
    "greater": (">", 1),
    "greater_equal": (">=", 1),
    "less": ("<", 1),
    "less_equal": ("<=", 1),
    "equal": ("==", 1),
    "not_equal": ("!=", 1),
}
_SHAPING = {"broadcast_to", "reshape", "expand_dims"}
_ATOM = 9
_OFTEN = {"gamma", "beta"}  # functions of SciPy that people call parameters by
_INLINE = 12  # elements of an array that stands in the code itself
_LONGEST = 88  # characters of a line that several steps share


@functools.cache
def _engine() -> dict[str, Any]:
    """Return the engine's own functions by name, which code may call as ``autograd.name``."""
    declared: list[tuple[str, Any, Any]] = [(n, o.forward, o.record) for n, o in OPS.items()]
    declared += [(n, c.function, c.call) for n, c in COMPOSITES.items()]
    return {n: call for n, made, call in declared if made.__module__.startswith("autograd.ops.")}


class Source(str):
    """Code that computes some results and their derivatives; it is a str.

    Attributes
    ----------
    inputs : dict of arrays
        What `forward` takes, by name: leaves, data and constants as they were recorded.
    """

    inputs: dict[str, Any]

    def __new__(cls, text: str, inputs: dict[str, Any]) -> Source:
        """Return code with what its `forward` takes."""
        made = super().__new__(cls, text)
        made.inputs = inputs
        return made


def to_source(*outputs: Tensor, form: str = "numpy") -> Source:
    """Return the computation of some tensors and its backward pass as code that a person reads.

    Parameters
    ----------
    *outputs : Tensor
        Results of a recorded computation.
    form : {"numpy", "latex"}
        NumPy code, or the same lines as an aligned LaTeX equation.

    Returns
    -------
    Source
        A str. The code defines ``forward(...)``, which returns the result (a tuple of several)
        and a cache, and ``backward(cache)``, which returns the gradients of the sum of all
        elements of the results by the leaves, as ``{"dW1": ...}``. ``forward(**source.inputs)``
        computes what was recorded, to the last bit. Masks and indices that were computed from
        plain arrays (``x.data > 0``) are inputs or constants of the code, as they were of the
        graph: at other inputs they have to be given anew.

    Raises
    ------
    GradientError
        If an output has no graph, or a leaf was assigned since it was used, so that its value is
        not known.

    Examples
    --------
    >>> from autograd import Tensor, to_source
    >>> a, b = Tensor(5.0, name="a", requires_grad=True), Tensor(3.0, name="b", requires_grad=True)
    >>> J = (3 * (a + a * b)).named("J")
    >>> print(to_source(J))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def forward(a, b):
        J = 3 * (a + a * b)
        cache = (a, b)
        return J, cache
    <BLANKLINE>
    <BLANKLINE>
    def backward(cache):
        (a, b) = cache
        dJ = np.ones(())
        dv = dJ * 3
        da = dv
        da = da + dv * b
        db = dv * a
        return {"da": da, "db": db}
    <BLANKLINE>
    """
    if form not in ("numpy", "latex"):
        raise ValueError(f"to_source: form needs one of numpy, latex, got {form!r}.")
    writer = _Writer(graph(*outputs))
    return writer.code() if form == "numpy" else writer.latex()


class _Writer:
    """What is written of one graph."""

    def __init__(self, g: Graph) -> None:
        self.graph, self.program = g, g.program
        self.steps = g.program.steps
        with np.errstate(all="ignore"):
            self.values = list(g.program.values)
        for i, step in enumerate(self.steps):
            if self.values[i] is None:
                raise GradientError(
                    f"to_source: the value of {g.nodes[i].label} is not known any more; call it "
                    "before leaves are assigned, or record the computation again."
                    if step.kind == "leaf"
                    else f"to_source: the value of {g.nodes[i].label}, of shape {step.shape}, was "
                    "not kept; give data a name, Tensor(X, name='X')."
                )
            if step.op is not None and OPS.get(step.op.name) is not step.op:
                raise GradientError(
                    f"to_source: {step.op.name} is made of Python functions or objects that have "
                    "no code here; leave checkpoint() or the sparse matrix out for it."
                )
        ends = {i: self.steps[i] for i in g.program.outputs}
        seeds = {i: np.ones(step.shape, step.dtype)[()] for i, step in ends.items()}
        self.cotangents = g.program.pulled_back(self.values, seeds)
        self.taken: set[str] = {"np", "autograd", "vjp", "cache", "forward", "backward"}
        # functions that may be written out; those of NumPy have its name in front
        self.taken |= {n for n in OPS if not hasattr(np, n) and not hasattr(np.linalg, n)}
        self.taken -= _OFTEN - {step.op.name for step in self.steps if step.op}
        self.helpers: dict[str, str] = {}
        self.inputs: dict[str, Any] = {}
        self.functions: dict[int, str] = {}  # inputs that are ops, by their steps
        self.names = [self._name(i) for i in range(len(self.steps))]
        self.uses = [0] * len(self.steps)
        for step in self.steps:
            for k in step.operands:
                self.uses[k] += 1

    # -- names -------------------------------------------------------------------------------------

    def _name(self, i: int) -> str:
        """Return the code of a step: a number, or an identifier that no other has."""
        step = self.steps[i]
        if step.kind == "constant" and (step.number is not None or step.is_weak):
            value = self.values[i]
            return _number(value.item() if hasattr(value, "item") else value)
        name = self._free(self.graph.nodes[i].label)
        if step.kind != "op":
            self.inputs[name] = self.values[i]
        return name

    def _free(self, label: str) -> str:
        """Return an identifier like a label, and take it, with its derivative's."""
        made = unicodedata.normalize("NFKC", label.replace("′", "_"))  # as Python reads names
        made = re.sub(r"\W+", "_", made).strip("_") or "x"
        made = f"_{made}" if made[0].isdigit() else made
        made = made if made.isascii() or made.isidentifier() else "x"
        base, k = made, 1
        while {made, f"d{made}"} & self.taken or (
            keyword.iskeyword(made) or keyword.iskeyword(f"d{made}")
        ):
            k += 1
            made = f"{base}_{k}"
        self.taken |= {made, f"d{made}"}
        return made

    def _named(self, i: int) -> tuple[str, int]:
        """Return the name or the number of a step, and how tightly it binds."""
        return self.names[i], 5 if self.names[i].startswith("-") else _ATOM

    # -- expressions -------------------------------------------------------------------------------

    def _call(
        self, name: str, args: Sequence[tuple[str, int]], params: dict[str, Any]
    ) -> list[tuple[str, int]]:
        """Return ways to write a call, the most readable first: text, and how tightly it binds."""
        found: list[tuple[str, int]] = []
        if name in _INFIX and len(args) == 2 and not params:
            sign, binds = _INFIX[name]
            (a, tight), (b, other) = args
            chains = tight == binds and binds not in (1, 6)  # a > b > c is another thing
            left = a if tight > binds or chains else f"({a})"
            right = b if other > binds else f"({b})"
            found.append((f"{left} {sign} {right}", binds))
        elif name == "negative" and len(args) == 1:
            a, tight = args[0]
            found.append((f"-{a}" if tight >= 5 else f"-({a})", 5))
        elif name == "transpose" and len(args) == 1 and params.get("axes") is None:
            a, tight = args[0]
            found.append((f"{a}.T" if tight == _ATOM else f"({a}).T", _ATOM))
        elif name == "getitem" and len(args) == 1:
            a, tight = args[0]
            index = _index(params["index"])
            if index is not None:
                found.append((f"{a}[{index}]" if tight == _ATOM else f"({a})[{index}]", _ATOM))
        given = _given(params)
        if given is None:
            return found
        plain = [a for a, _ in args]
        op = OPS.get(name)
        if op is not None and op.variadic:
            plain = [f"[{', '.join(plain)}]"]
        written = ", ".join([*plain, *given])
        for home, prefix in ((np, "np"), (np.linalg, "np.linalg")):
            if hasattr(home, name):
                found.append((f"{prefix}.{name}({written})", _ATOM))
        if op is not None:
            if self._help(op):
                found.append((f"{name}({written})", _ATOM))
            if name in _engine():
                found.append((f"autograd.{name}({written})", _ATOM))
        return found

    def _help(self, op: Op) -> bool:
        """Write the function of an op into the code, if it needs nothing but NumPy."""
        if op.name in self.helpers:
            return True
        text = _source(op.forward)
        if text is None:
            return False
        self.helpers[op.name] = text
        return True

    def _code(self, x: Any, simple: bool = False) -> tuple[str, int]:
        """Return the code of what a rule gave, in names.

        The simple way leaves out what only moves elements, and divisions by one: NumPy broadcasts.
        """
        if not isinstance(x, Exact):
            text = _literal(x)
            if text is None:
                raise ValueError("a value that cannot be written")
            return text, 5 if text.startswith("-") else _ATOM
        if x.op is None:
            return x.text, x.params.get("binds", _ATOM)
        op, args, params = OPS.get(x.op), x.args, dict(x.params)
        if simple and x.op in _SHAPING:
            return self._code(args[0], simple)
        if simple and x.op in ("multiply", "divide") and _is_one(args[1]):
            return self._code(args[0], simple)
        if simple and x.op == "matrix_transpose":
            return self._code(Exact(op="transpose", args=args), simple)
        if op is not None and not op.variadic:
            params = {**dict(zip(op.params, args[len(op.operands) :], strict=False)), **params}
            args = args[: len(op.operands)]
        if op is not None:
            params = {k: v for k, v in params.items() if not _is_default(op, k, v)}
        ways = self._call(x.op, [self._code(a, simple) for a in args], params)
        if not ways:
            raise ValueError(f"{x.op} cannot be written")
        return ways[0]

    # -- running what was written ------------------------------------------------------------------

    def _space(self, more: dict[str, Any]) -> dict[str, Any]:
        ours = SimpleNamespace(**_engine())
        space: dict[str, Any] = {"np": np, "autograd": ours, "vjp": vjp, **more}
        for text in self.helpers.values():
            exec(text, space)
        return space

    def _run(self, text: str, known: dict[str, Any]) -> Any:
        try:
            with np.errstate(all="ignore"):
                return eval(text, self._space(known))
        except Exception:  # what cannot run is not written
            return None

    # -- the two passes ----------------------------------------------------------------------------

    def forward(self) -> tuple[list[str], dict[int, str]]:
        """Return the lines of the forward pass, and the formulas of steps without a line."""
        needed = self._needed()
        inside: dict[int, tuple[str, int]] = {}  # steps that stand in the formula of their only use
        lines = []
        scope: tuple[str, ...] = ()
        for i, step in enumerate(self.steps):
            if step.op is None:
                continue
            args = [inside.get(k) or self._named(k) for k in step.operands]
            text, binds = self._written(i, step, args)
            alone = (
                step.name is None
                and self.uses[i] == 1
                and i not in needed
                and i not in self.program.outputs
                and len(text) < _LONGEST - 40
            )
            if alone and self._fits(i, text, binds):
                inside[i] = text, binds
                continue
            if step.scope != scope and step.scope:
                told = " › ".join(" ".join(part.split()) for part in step.scope)
                lines.append("# " + "".join(c if c.isprintable() else "�" for c in told))
            scope = step.scope
            lines.append(f"{self.names[i]} = {text}")
        return lines, {i: text for i, (text, _) in inside.items()}

    def _fits(self, i: int, text: str, binds: int) -> bool:
        """Whether the step that uses one may have it in its own formula."""
        user = next(k for k, step in enumerate(self.steps) if i in step.operands)
        return self.steps[user].op is not None and self.steps[user].scope == self.steps[i].scope

    def _written(self, i: int, step: Instruction, args: list[tuple[str, int]]) -> tuple[str, int]:
        """Return the first way to write a step that gives its value to the last bit."""
        op = step.op
        assert op is not None
        params = {k: v for k, v in step.params.items() if not _is_default(op, k, v)}
        names = [self.names[k] for k in step.operands]
        known = {n: self._operand(k) for n, k in zip(names, step.operands, strict=True)}
        plain = [self._named(k) for k in step.operands]
        helped = dict(self.helpers)
        ways = self._call(op.name, plain, params)
        for k, (text, _) in enumerate(ways):
            if _same_bits(self._run(text, known), self.values[i]):
                if not re.search(rf"(?<![\w.]){op.name}\(", text):
                    self.helpers = helped
                return self._call(op.name, args, params)[k]
        name = self._function_of(i, step)
        given = ", ".join(a for a, _ in args)
        found = self._run(f"{name}({', '.join(names)})", {**known, name: self.inputs[name]})
        if not _same_bits(found, self.values[i]):
            raise GradientError(
                f"to_source: {op.name} does not give its recorded value when it is called again, "
                "so no code can."
            )
        return f"{name}({given})", _ATOM

    def _function_of(self, i: int, step: Instruction) -> str:
        """Return the name of an input that is the op of a step itself, with its parameters."""
        if i not in self.functions:
            op, params = step.op, step.params
            assert op is not None

            def call(*operands: Any) -> Any:
                given = [operands] if op.variadic else operands
                return op.record(*given, **params)

            call.__name__ = op.name
            self.functions[i] = self._free(f"{op.name}_op")
            self.inputs[self.functions[i]] = call
        return self.functions[i]

    def _operand(self, k: int) -> Any:
        value = self.values[k]
        return value.item() if self.steps[k].is_weak and hasattr(value, "item") else value

    def _needed(self) -> set[int]:
        """Return the steps whose values the backward pass reads."""
        return {k for _, _, read in self._back.values() for k in read}

    @functools.cached_property
    def _back(self) -> dict[tuple[int, int], tuple[str, int, set[int]]]:
        """What each step gives to each operand: its text, how it binds, and what it reads."""
        found: dict[tuple[int, int], tuple[str, int, set[int]]] = {}
        for i in range(len(self.steps) - 1, -1, -1):
            step, g = self.steps[i], self.cotangents[i]
            if step.op is None or g is None or g is UNKNOWN:
                continue
            for slot, k in enumerate(step.operands):
                if step.is_differentiated(slot):
                    found[i, slot] = self._brought(i, slot, k, step, g)
        return found

    def _brought(
        self, i: int, slot: int, k: int, step: Instruction, g: Any
    ) -> tuple[str, int, set[int]]:
        """Return the code of what one step gives to one operand."""
        op, dname = step.op, f"d{self.names[i]}"
        assert op is not None
        trials = self._trials(i, slot, step, g, dname)
        known, right, _ = trials[0]
        kind = self.steps[k].dtype
        for simple in (True, False):
            try:
                made, binds = self._code(self._traced(i, slot, step, dname), simple)
                made, binds = self._reduced(made, binds, known, right)
                if np.asarray(self._run(made, known)).dtype != kind:
                    made, binds = f"np.asarray({made}, np.{kind})", _ATOM
                if all(_close(self._run(made, at), x, by) for at, x, by in trials):
                    read = {j for j in (*step.operands, i) if _reads(made, self.names[j])}
                    return made, binds, read
            except Exception:  # a rule may do what cannot be printed
                continue
        if not np.any(right) and op.rules.get(step.operand_name(slot).partition("[")[0]) is None:
            return f"np.zeros({self.steps[k].shape})", _ATOM, set()
        names = [self.names[j] for j in step.operands]
        inner = [self._free(f"x{n}") if j == slot else n for j, n in enumerate(names)]
        params = {p: v for p, v in step.params.items() if not _is_default(op, p, v)}
        given = _given(params)
        values = [f"[{', '.join(inner)}]"] if op.variadic else inner
        if given is None or i in self.functions or op.name not in _engine():
            call = f"{self._function_of(i, step)}({', '.join(inner)})"
        else:
            call = f"autograd.{op.name}({', '.join([*values, *given])})"
        text = f"vjp(lambda {inner[slot]}: {call}, {names[slot]})[1]({dname})[0]"
        read = {j for j in step.operands if _reads(text, self.names[j])}
        return text, _ATOM, read

    def _trials(
        self, i: int, slot: int, step: Instruction, g: Any, dname: str
    ) -> list[tuple[dict[str, Any], Any, Any]]:
        """Return values of what a line reads, and what is right there: as recorded, and elsewhere.

        A recorded point may be special: at ones and zeros a sum over another axis looks right.
        """
        k = step.operands[slot]
        op = step.op
        assert op is not None
        right = self.program.given(i, slot, self.values, g)
        if right is None:
            right = np.zeros(self.steps[k].shape, self.steps[k].dtype)
        known = {self.names[j]: self.values[j] for j in (*step.operands, i)}
        trials = [({**known, dname: g}, right, g)]
        rng = np.random.default_rng(i)
        for _ in range(2):
            values = list(self.values)
            for place, j in enumerate(step.operands):
                x = np.asarray(values[j])
                if x.dtype.kind == "f":
                    ends = op.domain.get(op.operands[0 if op.variadic else place], (-2.0, 2.0))
                    if isinstance(ends, tuple) and all(np.isfinite(e) for e in ends):
                        drawn = rng.uniform(float(ends[0]), float(ends[1]), x.shape)
                    else:
                        drawn = x * (1 + 0.2 * rng.uniform(size=x.shape))
                    values[j] = np.asarray(drawn, x.dtype)[()]
            cotangent = np.asarray(rng.normal(size=np.shape(g)), np.asarray(g).dtype)[()]
            try:
                with np.errstate(all="ignore"):
                    operands = [values[j] for j in step.operands]
                    values[i] = op.forward(*operands, **step.params)
                found = self.program.given(i, slot, values, cotangent)
            except Exception:  # a point outside of the op's domain
                continue
            if found is not None:
                at = {self.names[j]: values[j] for j in (*step.operands, i)}
                trials.append(({**at, dname: cotangent}, found, cotangent))
        return trials

    def _traced(self, i: int, slot: int, step: Instruction, dname: str) -> Any:
        """Return what a rule does, as an expression."""
        op = step.op
        assert op is not None
        operand = op.operands[0] if op.variadic else op.operands[slot]
        rule = op.rules[operand]
        assert rule is not None
        symbols = [
            Exact(text, params={"binds": binds}) for text, binds in map(self._named, step.operands)
        ]
        shapes = [self.steps[k].shape for k in step.operands]
        arguments = rule_arguments(op, symbols, shapes, slot)
        arguments |= {**step.params, "out": Exact(self.names[i]), "g": Exact(dname)}
        return rule(*[arguments[name] for name in op.asks[operand]])

    def _reduced(self, text: str, binds: int, known: dict[str, Any], right: Any) -> tuple[str, int]:
        """Return code that has the shape of the operand: a sum over what was broadcast."""
        found = self._run(text, known)
        if found is None or np.shape(found) == np.shape(right):
            return text, binds
        have, want = np.shape(found), np.shape(right)
        if len(have) < len(want) or np.size(found) < np.size(right):
            return f"np.broadcast_to({text}, {want})", _ATOM
        lead = len(have) - len(want)
        keep = tuple(lead + a for a, n in enumerate(want) if n == 1 and have[lead + a] != 1)
        if lead:
            axes = lead_axes(lead)
            text = f"np.sum({text}, axis={axes})"
        if keep:
            axis = keep[0] - lead if len(keep) == 1 else tuple(a - lead for a in keep)
            text = f"np.sum({text}, axis={axis}, keepdims=True)"
        return text, _ATOM

    def backward(self) -> tuple[list[str], set[str], set[int]]:
        """Return the lines of the backward pass, the leaves' derivatives, and what is read."""
        back = self._back
        lines: list[str] = []
        names: dict[int, str] = {}  # of the cotangents so far; one may be another's
        for i in self.program.outputs:
            shape = self.steps[i].shape
            kind = self.steps[i].dtype
            of = "" if kind == np.float64 else f", np.{kind}"
            lines.append(f"d{self.names[i]} = np.ones({shape}{of})")
            names[i] = f"d{self.names[i]}"
        read: set[int] = set()
        for i in range(len(self.steps) - 1, -1, -1):
            step = self.steps[i]
            if i not in names or step.op is None:
                continue
            own = f"d{self.names[i]}"
            for slot, k in enumerate(step.operands):
                if (i, slot) not in back:
                    continue
                text, binds, wanted = back[i, slot]
                read |= wanted
                if names[i] != own:
                    text = re.sub(rf"(?<![\w.]){re.escape(own)}(?!\w)", names[i], text)
                dk = f"d{self.names[k]}"
                if k in names:
                    if names[k] != dk:
                        lines.append(f"{dk} = {names[k]}")
                        names[k] = dk
                    right = text if binds > 3 else f"({text})"
                    lines.append(f"{dk} = {dk} + {right}")
                elif text == names[i] and self.steps[k].kind == "op" and self.steps[k].name is None:
                    names[k] = text  # the same value under another name
                else:
                    lines.append(f"{dk} = {text}")
                    names[k] = dk
        leaves = {self.names[i] for i in names if self.steps[i].kind == "leaf"}
        return lines, leaves, read

    def code(self) -> Source:
        """Return the whole as NumPy code."""
        ahead, _ = self.forward()
        back, leaves, read = self.backward()
        results = [self.names[i] for i in self.program.outputs]
        order = [*self.inputs]
        given = [
            self.names[i]
            for i in sorted(read)
            if self.steps[i].kind == "op" or self.names[i] in self.inputs
        ]
        extra = [n for n in self.functions.values() if any(_reads(line, n) for line in back)]
        cached = [*dict.fromkeys([*given, *extra])]
        tuple_of = f"({', '.join(cached)}{',' * (len(cached) == 1)})"
        body = "\n".join([*ahead, *back])
        head = ["import numpy as np"]
        head += ["import autograd"] if "autograd." in body else []
        head += ["from autograd import vjp"] if "vjp(" in body else []
        helpers = [t for n, t in self.helpers.items() if re.search(rf"(?<![\w.]){n}\(", body)]
        result = ", ".join(results) if len(results) == 1 else f"({', '.join(results)})"
        keys = ", ".join(f'"d{n}": d{n}' for n in order if n in leaves)
        return_keys = f"return {{{keys}}}"
        parts = [
            "\n".join(head),
            *helpers,
            _function(
                f"def forward({', '.join(order)}):",
                [*ahead, f"cache = {tuple_of}", f"return {result}, cache"],
            ),
            _function("def backward(cache):", [f"{tuple_of} = cache", *back, return_keys]),
        ]
        return Source("\n\n\n".join(parts) + "\n", dict(self.inputs))

    def latex(self) -> Source:
        """Return the forward formulas and the derivatives as aligned equations."""
        top = " + ".join(latex_name(n.label) for n in self.graph.outputs)
        lines = [rf"{latex_name(n.label)} &= {n.latex} \\" for n in self.graph if n.op]
        lines.append(r"\\")
        for edge in reversed(self.graph.edges):
            if not edge.differentiable:
                continue
            child, parent = (
                latex_name(self.graph.nodes[k].label) for k in (edge.child, edge.parent)
            )
            local = edge.latex if edge.is_factor else ""
            whole = rf"\frac{{\partial {top}}}{{\partial {parent}}}"
            ahead = rf"\frac{{\partial {top}}}{{\partial {child}}}"
            several = self.uses[edge.parent] > 1
            sign = r"\mathrel{+}=" if several else "="
            right = rf"{ahead} \cdot \left({local}\right)" if edge.is_factor else edge.latex
            lines.append(rf"{whole} &{sign} {right} \\")
        text = "\n".join([r"\begin{aligned}", *lines, r"\end{aligned}", ""])
        return Source(text, dict(self.inputs))


def _is_one(x: Any) -> bool:
    return isinstance(x, (int, float, np.number)) and not isinstance(x, bool) and x == 1


def lead_axes(n: int) -> str:
    """Return the first axes as code."""
    return "0" if n == 1 else str(tuple(range(n)))


def _function(head: str, lines: list[str]) -> str:
    return "\n".join([head, *(f"    {line}" for line in lines)])


def _reads(text: str, name: str) -> bool:
    return bool(re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text))


def _number(x: Any) -> str:
    if isinstance(x, bool):
        return str(x)
    if isinstance(x, float):
        if np.isnan(x):
            return "np.nan"
        if np.isinf(x):
            return "np.inf" if x > 0 else "-np.inf"
    return repr(x)


def _literal(x: Any) -> str | None:
    """Return a value as code; None for what is too long, or has none."""
    if x is None or isinstance(x, (bool, str)):
        return repr(x)
    if isinstance(x, (int, float)) and not isinstance(x, np.generic):
        return _number(x)
    if isinstance(x, np.generic):
        return _number(x.item()) if x.dtype.kind in "biuf" else None
    if isinstance(x, (tuple, list)):
        parts = [_literal(v) for v in x]
        if any(p is None for p in parts):
            return None
        inner = ", ".join(p for p in parts if p is not None)
        return f"[{inner}]" if isinstance(x, list) else f"({inner}{',' * (len(x) == 1)})"
    if isinstance(x, np.ndarray) and x.size <= _INLINE and x.dtype.kind in "biuf":
        if not np.isfinite(x).all():
            return None
        of = "" if x.dtype in (np.float64, np.int64, bool) else f", np.{x.dtype}"
        return f"np.array({x.tolist()!r}{of})"
    if isinstance(x, np.dtype):
        return f"np.{x}"
    if isinstance(x, type) and issubclass(x, np.generic):
        return f"np.{x.__name__}"
    if isinstance(x, slice):
        return f"slice({x.start!r}, {x.stop!r}, {x.step!r})"
    return "..." if x is Ellipsis else None


def _index(x: Any) -> str | None:
    """Return an index as it stands in brackets."""
    parts = []
    for part in x if isinstance(x, tuple) else (x,):
        if isinstance(part, slice):
            ends = ["" if v is None else repr(v) for v in (part.start, part.stop)]
            parts.append(":".join(ends) + ("" if part.step is None else f":{part.step!r}"))
        elif part is None:
            parts.append("None")
        else:
            text = _literal(part)
            if text is None:
                return None
            parts.append(text)
    if isinstance(x, tuple) and len(parts) == 1:
        return f"{parts[0]},"
    return ", ".join(parts) or None


def _given(params: dict[str, Any]) -> list[str] | None:
    """Return parameters as keywords; None where one has no text."""
    found = []
    for name, value in params.items():
        text = _literal(value)
        if text is None:
            return None
        found.append(f"{name}={text}")
    return found


def _is_default(op: Op, name: str, value: Any) -> bool:
    if name not in op.defaults:
        return False
    default = op.defaults[name]
    return value is default or (type(value) is type(default) and bool(np.all(value == default)))


def _source(function: Callable[..., Any]) -> str | None:
    """Return the text of a function of NumPy alone, without its docstring; None for others."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    (made,) = tree.body
    if not isinstance(made, ast.FunctionDef):
        return None
    made.decorator_list, made.returns = [], None
    if isinstance(made.body[0], ast.Expr) and isinstance(made.body[0].value, ast.Constant):
        made.body = made.body[1:]
    arguments = [*made.args.posonlyargs, *made.args.args, *made.args.kwonlyargs]
    for argument in arguments:
        argument.annotation = None
    made.args.args, made.args.posonlyargs = [*made.args.posonlyargs, *made.args.args], []
    local = {a.arg for a in arguments}
    for node in ast.walk(made):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            local.add(node.id)
    builtin = {"np", "len", "range", "tuple", "list", "int", "float", "min", "max", "abs", "sum"}
    names = {n.id for n in ast.walk(made) if isinstance(n, ast.Name)}
    return ast.unparse(made) if names <= local | builtin else None


def _same_bits(found: Any, wanted: Any) -> bool:
    if found is None or isinstance(found, Tensor):
        return False
    a, b = np.asarray(found), np.asarray(wanted)
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def _close(found: Any, wanted: Any, g: Any) -> bool:
    """Whether code gives what the rule gives, but for the rounding of sums of a cotangent."""
    if found is None or np.shape(found) != np.shape(wanted):
        return False
    a, b = np.asarray(found), np.asarray(wanted)
    if a.dtype.kind not in "biuf":
        return False
    scale = float(np.max(np.abs(b[np.isfinite(b)]), initial=0.0))
    terms = np.asarray(g, float)
    scale += 0.1 * float(np.sum(np.abs(terms[np.isfinite(terms)]))) * (b.size < terms.size)
    far = 1e-12 if b.dtype == np.float64 else 2e-6 if b.dtype == np.float32 else 5e-3
    return bool(np.allclose(a, b, rtol=far, atol=far * scale, equal_nan=True))
