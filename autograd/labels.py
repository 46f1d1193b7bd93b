"""Names of the values of a graph, in text and in LaTeX."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

from autograd.symbol import HIGH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autograd.op import Op
    from autograd.program import Instruction

__all__ = ["accented", "bracketed", "labelled", "latex_name", "readable"]


_GREEK = frozenset(
    {"alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"}
    | {"lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "phi", "chi", "psi", "omega"}
)


@functools.lru_cache(maxsize=4096)
def latex_name(name: str) -> str:
    r"""Return a name as LaTeX: digits at its end become a subscript, text is set upright.

    Examples
    --------
    >>> latex_name("W12"), latex_name("h_1"), latex_name("W_hh")
    ('W_{12}', 'h_{1}', 'W_{hh}')
    >>> latex_name("cost"), latex_name("theta"), latex_name("Z^[2]")
    ('\\mathrm{cost}', '\\theta', 'Z^{[2]}')
    """
    layer = _LAYER.fullmatch(name) or _POWER.fullmatch(name)
    if layer:
        return f"{latex_name(layer[1])}^{{{layer[2]}}}"
    found = _INDEXED.fullmatch(name.translate(_PLAIN))
    braced = _BRACED.fullmatch(name)
    stem, index = (found[1] or found[3], found[2] or found[4]) if found else (name, "")
    if braced:
        stem, index = braced.groups()
    accent = accented(stem)
    if accent is not None:
        letter, over = accent
        body = rf"\{over}{{{_latex_character(letter).strip()}}}"
        return body + "_{" + index + "}" if index else body
    escaped = "".join(map(_latex_character, stem)) or r"\ "
    upright = "\\mathrm{" + escaped + "}"
    body = escaped if len(stem) <= 1 else "\\" + stem if stem in _GREEK else upright
    return body + "_{" + index + "}" if index else body


# Digits at the end of a name, or a few letters after a letter and an underscore.
_INDEXED = re.compile(r"(.*[^0-9,_])_?([0-9]+(?:,[0-9]+)*)|(\w)_([A-Za-z0-9]{1,3})")
_LAYER = re.compile(rf"([^^]+){HIGH}")  # Z^[2], a^[2](i), x^(i)
_POWER = re.compile(r"(\w[\u0300-\u036f]?)\^([0-9])")  # σ^2, of a name that is written so
_BRACED = re.compile(r"(\w)_\{([A-Za-z0-9,]{1,8})\}")  # as LaTeX has it
_ACCENTS = {
    "\u0302": "hat",
    "\u0303": "tilde",
    "\u0304": "bar",
    "\u0305": "bar",
    "\u0307": "dot",
    "\u0308": "ddot",
    "\u20d7": "vec",
}
_OVERS = {name: sign for sign, name in reversed(_ACCENTS.items())}
_OVERS |= {"widehat": _OVERS["hat"], "widetilde": _OVERS["tilde"], "overline": _OVERS["bar"]}
_OVER = re.compile(rf"\\({'|'.join(_OVERS)})\s*(?:\{{(\w)\}}|(\w))")
_UPRIGHT = re.compile(
    r"\\(?:mathcal|mathrm|mathbf|mathbb|mathit|boldsymbol|text|textbf|operatorname)\{([\w ]+)\}"
)
_COMMAND = re.compile(r"\\([A-Za-z]+)\s*")
_GROUPED = re.compile(r"([_^])\{([\w, ]+|\[[\w, +−-]+\](?:\([\w, ]+\))?|\([\w, ]+\))\}")
_LETTERS = {
    name: unicodedata.lookup(f"GREEK SMALL LETTER {name.replace('lambda', 'lamda')}")
    for name in sorted(_GREEK)
}
_CAPITALS = ("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega")
_LETTERS |= {name: _LETTERS[name.lower()].upper() for name in _CAPITALS}
_LETTERS |= {"ell": "ℓ"}
_NAMES = {letter: name for name, letter in _LETTERS.items()}
_LETTERS |= {"varepsilon": "ε", "varphi": "φ"}
_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def accented(name: str) -> tuple[str, str] | None:
    """Return the letter and the accent, in LaTeX's name, that a name such as ŷ is made of."""
    letters = unicodedata.normalize("NFD", name)
    if len(letters) != 2 or letters[1] not in _ACCENTS:
        return None
    return letters[0], _ACCENTS[letters[1]]


@functools.lru_cache(maxsize=4096)
def readable(name: str) -> str:
    r"""Return a name that is written in LaTeX as text has it; another one as it is.

    What it cannot tell stays as it was given.

    Examples
    --------
    >>> readable(r"\hat{y}"), readable(r"a^{[l](i)}"), readable(r"$\theta_{12}$")
    ('ŷ', 'a^[l](i)', 'θ_12')
    >>> readable(r"\frac{a}{b}"), readable("W1")
    ('\\frac{a}{b}', 'W1')
    """
    if not {"\\", "{", "$"} & set(name):
        return name
    text = name[1:-1] if name[0] == name[-1] == "$" else name
    text = _UPRIGHT.sub(r"\1", text)
    text = _COMMAND.sub(lambda m: _LETTERS.get(m[1], m[0]), text)
    text = _OVER.sub(lambda m: unicodedata.normalize("NFC", (m[2] or m[3]) + _OVERS[m[1]]), text)
    text = _GROUPED.sub(lambda m: m[1] + m[2], text)
    return name if {"\\", "{", "}", "$"} & set(text) or not text else text


def _latex_character(c: str) -> str:
    """Return what stands for a character of a name in LaTeX's mathematics."""
    if c in _SIGNS:
        return _SIGNS[c]
    if c.isascii():
        return c if c.isprintable() else r"\ "
    name = _NAMES.get(c)
    return f"\\{name} " if name else rf"\mathtt{{U{{+}}{ord(c):04X}}}"


_SIGNS = {
    **{c: f"\\{c}" for c in "_&%$#{}"},
    "\\": r"\backslash ",
    " ": r"\ ",
    "^": r"\wedge ",
    "~": r"\sim ",
    "-": r"\mbox{-}",
}


_FEW = "uvw"  # of results without a name, as the course has them, where there are no more
# Where there are more, a letter says what the result is; f is any other function. Where the user
# has it, the next that is free stands for it.
_SAYS = {
    "s": {"add", "subtract", "sum", "cumsum", "trace", "negative"},
    "p": {"multiply", "prod", "cumprod", "power", "square", "einsum"},  # and what is bilinear
    "q": {"divide", "reciprocal"},
    "e": {"exp", "expm1", "exp2"},
    "l": {"log", "log1p", "log2", "log10", "logsumexp", "logaddexp", "log_softmax"},
    "r": {"sqrt", "cbrt"},
    "a": {"sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "softmax"},
    "m": {"mean", "median", "max", "min", "maximum", "minimum"},
    "n": {"vector_norm", "absolute"},
    "t": {"transpose", "matrix_transpose", "swapaxes", "moveaxis"},
}
_LETTER = {name: letter for letter, names in _SAYS.items() for name in names}
_INSTEAD = {"s": "v", "p": "u", "q": "d"}  # of sums, products, quotients; of others a function's
_FUNCTIONS = "fhuvwd"
_GIVEN = "xyzkc"  # of leaves without a name
_DATA = "ck"  # of arrays without a name: x and y would seem the user's own


def labelled(steps: list[Instruction]) -> list[str | None]:
    """Label every step: its name, or a letter that is still free; None for a number.

    Steps of one name are numbered, and a name that would look like another gets a prime, so that
    every label stands for one value. What a function calls one of several results, as Q and R of
    ``qr``, is its letter, unless the user has it.
    """
    names = [None if step.name is None else readable(step.name) for step in steps]
    uses = Counter(name for name in names if name is not None)
    taken = {_seen(name) for name, count in uses.items() if count == 1}
    looks: set[str] = set()  # of the labels given so far
    rounds: Counter[str] = Counter()
    # No letter that the user has, whatever its case and number: w beside W1 would seem its part.
    stems = {re.split(r"[_^]", _seen(name))[0].lower() for name in uses}
    kinds = Counter(_kind_of(s.op, stems) for s in steps if s.kind == "op" and s.name is None)
    few = [x for x in _FEW if x not in stems]
    if kinds.total() <= len(few):
        kinds = Counter()
    # Labels that are left, and how each looks: for leaves, constants, results of each kind.
    pools = {"leaf": _letters(_GIVEN, "c"), "constant": _letters(_DATA, "c")}
    pools["op"] = _letters(few, "f")
    of_kind = {
        kind: _letters(kind if n == len(kind) == 1 else "", kind) for kind, n in kinds.items()
    }

    def pool(step: Instruction) -> Iterator[tuple[str, str]]:
        field = None if step.call is None else step.call.field
        if field is not None and field.lower() not in stems:
            return itertools.chain([(field, field)], _letters("", field))
        if kinds and step.kind == "op":
            return of_kind[_kind_of(step.op, stems)]
        return pools[step.kind]

    labels: list[str | None] = []
    for step, name in zip(steps, names, strict=True):
        if name is None:
            if step.kind != "constant" or step.shape or step.constant is None:
                usable = (
                    x for x in pool(step) if not (x[0] in uses or x[1] in taken or x[1] in looks)
                )
                name, look = next(usable)
                looks.add(look)
            labels.append(name)
            continue
        stem, look = name, ""
        if uses[stem] > 1:
            while not look or look in taken or look in looks:
                rounds[stem] += 1
                name = f"{stem}_{rounds[stem]}"
                look = _seen(name)
        else:
            look = _seen(name)
            while look in looks or (name != stem and look in taken):
                name, look = name + "′", look + "′"
        looks.add(look)
        labels.append(name)
    return labels


def _kind_of(op: Op | None, stems: set[str]) -> str:
    """Return the letter that says what an op gives: s a sum, p a product.

    A letter that the user has, of any case, would seem the user's own: q beside Q.
    """
    if op is None:
        return "f"
    letter = _LETTER.get(op.name, "p" if op.bilinear else "f")
    usable = f"{letter}{_INSTEAD.get(letter, '')}{_FUNCTIONS}"
    return next((x for x in usable if x not in stems), op.name)


def _letters(first: Sequence[str], then: str) -> Iterator[tuple[str, str]]:
    """Yield labels, and how each looks: c, k, then c1, c2 and so on; of longer names tanh_1."""
    apart = "_" if len(then) > 1 else ""
    yield from ((letter, letter) for letter in first)
    yield from ((f"{then}{apart}{i}", f"{then}_{i}") for i in itertools.count(1))


def _is_compound(name: str) -> bool:
    """Return whether a name would read as part of a formula, as dy/dx does; Z^[2] does not.

    Nor does a call, ``detach(h)``.
    """
    layer = _LAYER.fullmatch(name)
    whole = re.fullmatch(r"\w+\([^()]*\)", name)
    return not whole and bool(_OPERATORS.search(layer[1] if layer else name))


def bracketed(name: str) -> str:
    """Return a name as it stands in a formula or a derivative, ∂(dy/dx)/∂x."""
    return f"({name})" if _is_compound(name) else name


_OPERATORS = re.compile(r"[^\w.…\[\]′\u0300-\u036f\u20d7]")


def _seen(name: str) -> str:
    """Return how a name looks: x_1 and x1 are both an x with a lowered 1."""
    found = _INDEXED.fullmatch(name.translate(_PLAIN))
    return name if found is None else "_".join(part for part in found.groups() if part)
