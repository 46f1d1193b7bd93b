"""Transforms: functions in, derivative functions out; arrays in, arrays out; and they nest.

Arguments and results may be tuples, lists and dicts of arrays, inside each other; a gradient has
the structure of its argument. Inside another transform the results are Tensors, so derivatives of
derivatives are exact, and variables of different transforms are never mistaken for each other.
"""

from __future__ import annotations

import functools
from types import MethodType
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from autograd.backward import gradients
from autograd.errors import DTypeError, GradientError, ShapeError
from autograd.op import OPS
from autograd.state import STATE, enable_grad, inside_transform
from autograd.structures import (
    arrays_of,
    as_given,
    is_numbers,
    is_structure,
    like,
    mapped,
    mapped_at,
)
from autograd.tensor import Tensor, real_array, wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from autograd.node import Leaf

__all__ = ["Transform", "grad", "hessian", "hvp", "jacobian", "jvp", "value_and_grad", "vjp"]

from_engine = True

Argnums = int | tuple[int, ...]


def grad(f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False) -> Transform:
    """Return the function that computes the gradient of f.

    Parameters
    ----------
    f : callable
        Takes arrays (as Tensors it may use freely) and returns a single number.
    argnums : int or tuple of int
        The positions of the arguments to differentiate.
    has_aux : bool
        f returns a pair (number, anything), and the gradient function (gradient, anything).

    Returns
    -------
    callable
        Takes the arguments of f. Returns the gradient: arrays of the structure, shapes and dtypes
        of that argument (Python integers count as floats), or a tuple of them where `argnums` is
        one; zeros where f does not depend on it.

    Raises
    ------
    GradientError
        If f does not return a single number.
    DTypeError
        If an argument to differentiate is not made of real numbers, or is an integer array.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import grad
    >>> grad(lambda x: (x * x).sum())(np.array([1.0, 2.0]))
    array([2., 4.])
    >>> print(f"{grad(grad(grad(np.tanh)))(0.5):.12f}")
    -0.565209288260
    """
    return Transform(_gradient, f, argnums, has_aux)


def _gradient(
    f: Callable[..., Any], argnums: Argnums, has_aux: bool, args: Any, params: dict[str, Any]
) -> Any:
    value, found = _both(f, argnums, has_aux, args, params)
    return (found, value[1]) if has_aux else found


class Transform:
    """What `grad` and its kin return: a function of a function.

    It can be pickled, as for a pool of processes, where the function can: one that is defined in a
    module by name, not a lambda.
    """

    def __init__(self, compute: Callable[..., Any], f: Callable[..., Any], *options: Any) -> None:
        given: Any = f
        if not callable(given):
            name = compute.__name__.strip("_")
            raise TypeError(
                f"{name}: needs a function, got {type(f).__name__}; for a Tensor J write "
                "J.backward(), or gradients(J, [w])."
            )
        functools.update_wrapper(self, f, updated=())  # what it keeps of itself may not pickle
        self._compute, self._options = compute, options

    def __call__(self, *args: Any, **params: Any) -> npt.NDArray[Any] | Any:
        """Differentiate at these arguments."""
        return self._compute(self.__wrapped__, *self._options, args, params)  # type: ignore[attr-defined]

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """Bind it as a method, as a function in a class is."""
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        transform = self._compute.__name__.strip("_")
        return f"<{transform} of {getattr(self, '__qualname__', getattr(self, '__name__', '?'))}>"


def value_and_grad(
    f: Callable[..., Any], argnums: Argnums = 0, *, has_aux: bool = False
) -> Transform:
    """Return the function that computes f and its gradient in one pass.

    Parameters and errors are those of `grad`.

    Returns
    -------
    callable
        Returns (value, gradient); with `has_aux`, ((value, anything), gradient).

    Examples
    --------
    >>> from autograd import value_and_grad
    >>> value_and_grad(lambda x: x * x)(3.0)
    (array(9.), array(6.))
    """
    return Transform(_both, f, argnums, has_aux)


def _both(
    f: Callable[..., Any], argnums: Argnums, has_aux: bool, args: Any, params: dict[str, Any]
) -> Any:
    nested = _nested()
    with inside_transform(), enable_grad():
        given, variables = _variables("grad", args, argnums)
        result, aux = _with_aux(_run(f, *given, **params), has_aux)
        if not isinstance(result, (Tensor, np.ndarray, np.number, int, float)):
            raise GradientError(
                f"grad: the function needs to return a single number, got "
                f"{type(result).__name__}; return it, or pass has_aux=True for a pair."
            )
        if np.size(result) != 1:
            raise GradientError(
                f"grad: the function needs to return a single number, got shape "
                f"{np.shape(result)}; reduce it with .sum(), or use jacobian()."
            )
        leaves = list(arrays_of(variables))
        found = _pulled(result, leaves, None, nested)
        value = _out(result, nested)
    places = argnums if isinstance(argnums, (tuple, list)) else None
    asked = args[argnums] if places is None else tuple(args[i] for i in places)
    found = as_given(asked, iter(found))
    return ((value, _outs(aux, nested)) if has_aux else value), found


def vjp(f: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Return f at the primals, and the function that pulls a cotangent back to them.

    Parameters
    ----------
    f : callable
        Takes the primals and returns one array.
    *primals : array_like, or structures of arrays
        Where to differentiate.

    Returns
    -------
    value : array
        f(*primals).
    pull : callable
        Takes a cotangent of the value's shape; returns gᵀ ∂f/∂primal for each primal, a tuple of
        their structures. It may be called again.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import vjp
    >>> value, pull = vjp(np.sin, np.array([0.0, np.pi]))
    >>> pull(np.array([1.0, 1.0]))
    (array([ 1., -1.]),)
    """
    nested = _nested()
    with inside_transform(), enable_grad():
        given, variables = _variables("vjp", primals, tuple(range(len(primals))))
        result = _one_array("vjp", _run(f, *given))
        value = _out(result, nested)

    def pull(cotangent: Any) -> Any:
        inner = _nested()
        leaves = list(arrays_of(variables))
        found = _pulled(result, leaves, cotangent, nested or inner)
        return like(variables, iter(found))

    return value, pull


def jvp(f: Callable[..., Any], primals: Any, tangents: Any) -> tuple[Any, Any]:
    """Return f at the primals, and its derivative along the tangents.

    Parameters
    ----------
    f : callable
        Takes the primals and returns one array.
    primals, tangents : tuple of array_like
        A point and a direction, of the same shapes.

    Returns
    -------
    value, tangent : array
        f(*primals) and Σ ∂f/∂primal · tangent, of one shape.

    Notes
    -----
    The pullback g ↦ gᵀJ is linear in g, so differentiating it by g along the tangents gives J·v:
    two reverse passes.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import jvp
    >>> jvp(np.sin, (0.0,), (2.0,))
    (array(0.), array(2.))
    """
    nested = _nested()
    if not isinstance(primals, (tuple, list)) or not isinstance(tangents, (tuple, list)):
        raise GradientError("jvp: primals and tangents need to be tuples; write (x,), (v,).")
    with inside_transform(), enable_grad():
        given, variables = _variables("jvp", tuple(primals), tuple(range(len(primals))))
        result = _one_array("jvp", _run(f, *given))
        leaves = list(arrays_of(variables))
        directions = [
            v if isinstance(v, Tensor) else _floats(v) for v in arrays_of(tuple(tangents))
        ]
        if [np.shape(v) for v in directions] != [x.shape for x in leaves]:
            raise ShapeError(
                f"jvp: tangents need the shapes {[x.shape for x in leaves]}, "
                f"got {[np.shape(v) for v in directions]}."
            )
        value = _out(result, nested)
        along: Any = None
        if isinstance(result, Tensor) and result.requires_grad:
            # Any cotangent but 0 would do, as the map is linear: at 0, no derivative that is
            # infinite could be seen, and equal numbers may cancel to a 0.
            some = np.random.default_rng(0).uniform(0.5, 1.5, result.shape)
            g = Tensor(some, dtype=result.dtype, requires_grad=True)
            pulled = gradients(result, leaves, g, create_graph=True, allow_unused=True)
            with np.errstate(all="ignore"):  # the values of gᵀJ · v are not used
                terms = [
                    (p * v).sum()
                    for p, v in zip(pulled, directions, strict=True)
                    if p is not None and p.requires_grad
                ]
            if terms:
                along = gradients(
                    sum(terms[1:], terms[0]), g, create_graph=nested, allow_unused=True
                )
        if along is None:
            along = np.zeros(np.shape(result), getattr(result, "dtype", None))
    return value, along


def jacobian(f: Callable[..., Any], argnums: Argnums = 0) -> Transform:
    """Return the function that computes all partial derivatives of f.

    Parameters
    ----------
    f : callable
        Takes arrays and returns one array.
    argnums : int or tuple of int
        The positions of the arguments to differentiate.

    Returns
    -------
    callable
        Returns an array of the shape of f's result followed by that of the argument (in the
        argument's structure), or a tuple of them. One backward pass for each element of the result.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import jacobian
    >>> jacobian(lambda x: x * x)(np.array([1.0, 3.0]))
    array([[2., 0.],
           [0., 6.]])
    """
    return Transform(_jacobian, f, argnums)


def _jacobian(f: Callable[..., Any], argnums: Argnums, args: Any, params: dict[str, Any]) -> Any:
    nested = _nested()
    with inside_transform(), enable_grad():
        given, variables = _variables("jacobian", args, argnums)
        result = _one_array("jacobian", _run(f, *given, **params))
        leaves = list(arrays_of(variables))
        shape = np.shape(result)
        rows = []
        for index in np.ndindex(shape):
            one = np.zeros(shape)
            one[index] = 1.0
            rows.append(_pulled(result, leaves, one, nested))
        found = [
            _stacked([row[k] for row in rows], (*shape, *x.shape), x.dtype, nested)
            for k, x in enumerate(leaves)
        ]
    return like(variables, iter(found))


def hessian(f: Callable[..., Any], argnums: int = 0) -> Transform:
    """Return the function that computes all second derivatives of f by one argument.

    Parameters
    ----------
    f : callable
        Takes arrays and returns a single number.
    argnums : int
        The position of the argument, one array.

    Returns
    -------
    callable
        Returns an array of the argument's shape twice over.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import hessian
    >>> hessian(lambda x: (x**3).sum())(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    return Transform(_hessian, f, argnums)


def _hessian(f: Callable[..., Any], argnums: int, args: Any, params: dict[str, Any]) -> Any:
    _single_array("hessian", args, argnums)
    return jacobian(grad(f, argnums), argnums)(*args, **params)


def hvp(f: Callable[..., Any], argnums: int = 0) -> Transform:
    """Return the function that multiplies the Hessian of f with a vector, without forming it.

    Parameters
    ----------
    f : callable
        Takes arrays and returns a single number.
    argnums : int
        The position of the argument, one array.

    Returns
    -------
    callable
        Takes the arguments of f and then the vector, of that argument's shape; returns H·v, of the
        same shape. Two backward passes.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd import hvp
    >>> hvp(lambda x: (x**3).sum())(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    return Transform(_hvp, f, argnums)


def _hvp(f: Callable[..., Any], argnums: int, args: Any, params: dict[str, Any]) -> Any:
    if len(args) < 2:
        raise GradientError("hvp: call it with the arguments of f, and then the vector.")
    *point, vector = args
    _single_array("hvp", tuple(point), argnums)
    v, slope = vector if isinstance(vector, Tensor) else _floats(vector), grad(f, argnums)

    def along(*inner: Any) -> Any:
        g = slope(*inner, **params)
        if np.shape(g) != np.shape(v):
            raise ShapeError(f"hvp: the vector needs shape {np.shape(g)}, got {np.shape(v)}.")
        return (g * v).sum()

    return grad(along, argnums)(*point)


# -- variables and results -------------------------------------------------------------------------


def _run(f: Callable[..., Any], *args: Any, **params: Any) -> Any:
    """Call a function; where NumPy hides our error behind one of its own, raise ours."""
    try:
        return f(*args, **params)
    except ValueError as error:
        ours = error.__cause__
        if isinstance(ours, GradientError):
            raise ours from None
        raise


def _one_array(where: str, result: Any) -> Any:
    """Return the result of a function, if it is one array; anything else would lose gradients."""
    if isinstance(result, Tensor):
        return result
    if not is_structure(result) and np.asarray(result).dtype.kind in "biuf":
        return result
    raise GradientError(
        f"{where}: the function needs to return one array, got {type(result).__name__}; return one "
        "array, such as concatenate([...]), or differentiate each of its results by itself."
    )


def _single_array(where: str, args: tuple[Any, ...], argnums: Any) -> None:
    """Raise if the argument to differentiate twice is a structure of arrays."""
    if not isinstance(argnums, int):
        raise GradientError(f"{where}: argnums needs to be one int, got {argnums!r}.")
    if not -len(args) <= argnums < len(args):
        return  # what runs next says it
    x = args[argnums]
    if is_structure(x):
        raise GradientError(
            f"{where}: argument {argnums} needs to be one array, got {type(x).__name__}; put its "
            "entries into one vector with concatenate, or take jacobian of grad entry by entry."
        )


def _nested() -> bool:
    """Whether another transform will differentiate what this one returns."""
    state = STATE.get()
    return state.depth > 0 and state.recording


def _variables(where: str, args: tuple[Any, ...], argnums: Argnums) -> tuple[list[Any], Any]:
    """Return the arguments with Tensors in the places to differentiate, and those."""
    given, chosen, places = list(args), [], set()
    if not isinstance(argnums, (int, tuple, list)) or not all(
        isinstance(i, int) for i in (argnums if isinstance(argnums, (tuple, list)) else ())
    ):
        raise GradientError(f"{where}: argnums needs an int or a tuple of ints, got {argnums!r}.")
    for i in (argnums,) if isinstance(argnums, int) else argnums:
        if not -len(args) <= i < len(args):
            raise GradientError(
                f"{where}: argnums={i}, but the function was called with {len(args)} arguments."
            )
        place = i % len(args)
        if place not in places:  # one asked for twice is still one variable
            given[place] = mapped_at(functools.partial(_variable, where), args[place], f"{i}")
            places.add(place)
        chosen.append(given[place])
    return given, chosen[0] if isinstance(argnums, int) else tuple(chosen)


def _variable(where: str, x: Any, place: str) -> Tensor:
    """Return a tensor to differentiate by: a new leaf, or a new node on an outer transform's."""
    if x is None or isinstance(x, (str, bytes)):
        raise DTypeError(
            f"{where}: argument {place} is {x!r}, and only arrays can be differentiated; take it "
            "out, or pass it by an argument that is not in argnums."
        )
    if isinstance(x, Tensor) and x.requires_grad:
        if STATE.get().depth < 2:  # this transform is the only one
            raise GradientError(
                f"{where}: an argument has a graph that the result, an array, would be cut from; "
                "use gradients(..., create_graph=True) on tensors, or pass x.detach()."
            )
        alias: Tensor = OPS["positive"].record(x)
        return alias
    variable = Tensor(_floats(x, where, f"argument {place}"), requires_grad=True)
    cast("Leaf", variable._node).of_transform = True
    return variable


def _floats(x: Any, where: str = "autograd", place: str = "an argument to differentiate") -> Any:
    """Return an array of floats; Python numbers may be integers, an array may not."""
    if isinstance(x, int) and not isinstance(x, bool):
        x = float(x)
    if is_numbers(x):
        x = np.array(x, float)
    value = real_array(x)
    if value.dtype.kind != "f":
        raise DTypeError(
            f"{where}: {place} needs a floating dtype, got {value.dtype}; pass x.astype(float)."
        )
    return value


def _pulled(result: Any, leaves: list[Tensor], cotangent: Any, record: bool) -> list[Any]:
    """Return the gradients of a result, zeros where it does not depend on a leaf."""
    found: list[Any] = [None] * len(leaves)
    if isinstance(result, Tensor) and result.requires_grad:
        found = gradients(
            result, leaves, cotangent, create_graph=record, retain_graph=True, allow_unused=True
        )
    return [
        np.zeros(x.shape, x.dtype) if g is None else g for g, x in zip(found, leaves, strict=True)
    ]


def _stacked(rows: list[Any], shape: tuple[int, ...], dtype: Any, nested: bool) -> Any:
    if not rows:
        return np.zeros(shape, dtype)
    if any(isinstance(row, Tensor) for row in rows):
        return OPS["reshape"].record(OPS["stack"].record(rows), shape)
    found = np.reshape(np.stack([np.asarray(row) for row in rows]), shape)
    return wrap(found[()]) if nested else found


def _with_aux(result: Any, has_aux: bool) -> tuple[Any, Any]:
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise GradientError(
            f"grad: has_aux=True needs a pair (number, anything), got {type(result).__name__}."
        )
    return result[0], result[1]


def _out(x: Any, nested: bool) -> Any:
    """Return a value as the caller is to see it: a Tensor inside another transform."""
    if isinstance(x, Tensor):
        return x if nested else np.array(x._value)
    return x if nested else np.asarray(x)


def _outs(tree: Any, nested: bool) -> Any:
    return mapped(lambda x: np.array(x._value) if isinstance(x, Tensor) and not nested else x, tree)
