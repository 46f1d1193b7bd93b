"""`Tensor`: a handle on a value and, where a gradient is wanted, on the node that made it.

Always: the value belongs to the tensor (it is copied in, and given out read-only), so nothing the
caller does to an array later can change a recorded computation.
"""

from __future__ import annotations

import math
import sys
import warnings
from typing import TYPE_CHECKING, Any, NoReturn, final

import numpy as np

from autograd.callers import asked_by, attribute_use, in_numpy, number_use
from autograd.cuts import cut_of, cut_since, remember, remember_number
from autograd.errors import DTypeError, GradientError, ReadOnlyError, ShapeError
from autograd.missing import BESIDE, INSTEAD
from autograd.node import Constant, Leaf, Node
from autograd.origins import origin_of
from autograd.registry import COMPOSITES, OPS
from autograd.state import STATE, running_transforms, watched_elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

__all__ = ["Tensor"]

from_engine = True


@final
class Tensor:
    """A NumPy array, or a single number, that can record what is computed from it.

    Parameters
    ----------
    data : array_like
        The value, any shape; copied. Floats keep their dtype; Python numbers become float64 or
        int64.
    requires_grad : bool
        Make a leaf: `backward` will put the gradient, an array of the same shape and dtype, in
        `grad`.
    name : str, optional
        How drawings, reports and errors call it.
    dtype : dtype_like, optional
        Convert the value; a floating dtype when `requires_grad`.

    Raises
    ------
    DTypeError
        If the value is not made of real numbers, or is not floating where a gradient is wanted.

    Examples
    --------
    >>> from autograd import Tensor
    >>> a, b = Tensor(5.0, name="a", requires_grad=True), Tensor(3.0, name="b", requires_grad=True)
    >>> J = a * b
    >>> J.backward()
    >>> a.grad, b.grad
    (array(3.), array(5.))
    """

    __slots__ = ("__weakref__", "_constant", "_node", "_value")

    _value: Any  # an ndarray; a 0-d value as a NumPy scalar, whose arithmetic is ten times faster
    _node: Node | None
    _constant: Constant | None

    __hash__ = object.__hash__  # == is elementwise, so hashing is by identity
    __array_priority__ = 1000.0

    def __init__(
        self,
        data: npt.ArrayLike | Tensor,
        *,
        requires_grad: bool = False,
        name: str | None = None,
        dtype: npt.DTypeLike | None = None,
    ) -> None:
        if isinstance(data, Tensor) and data._has_gradient():
            raise GradientError(
                f"Tensor(t){_called(name)}: t has a graph, and its gradient would be lost; "
                "use t as it is, or t.detach() if that is meant."
            )
        value = real_array(data, dtype)
        if requires_grad and value.dtype.kind != "f":
            raise DTypeError(
                f"Tensor{_called(name)}: a gradient needs a floating dtype, got {value.dtype}; "
                "pass x.astype(float), or dtype=float."
            )
        self._value = _kept(value)
        self._node = None
        if requires_grad:
            self._node = Leaf(self._value, _checked_name(name), STATE.get().scope)
        weak = dtype is None and type(data) in (int, float) and not requires_grad
        self._constant = None
        if weak or (name is not None and not requires_grad):
            cut = cut_of(data) if type(data) is np.ndarray else None
            self._constant = Constant(self._value, _checked_name(name), weak=weak, cut=cut)

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Tensor: cannot be subclassed; hold a Tensor in your class instead.")

    # -- what it is --------------------------------------------------------------------------------

    @property
    def data(self) -> npt.NDArray[Any]:
        """The value as a read-only array; assign to replace the value of a leaf or a constant.

        ``w.data -= rate * w.grad`` assigns, too.
        """
        use = attribute_use(sys._getframe(1))
        if use == "augmented":  # what changes is a copy, and that is then assigned
            return np.array(self._value)
        if use == "store":
            t = self.name or "t"
            raise ReadOnlyError(
                f"Tensor{_called(self.name)}.data[...] = value: the value is read-only, because a "
                f"graph may need it; write {t}.data = at({t}.data, index).set(value), or change a "
                f"copy: new = {t}.numpy(); new[i] = value; {t}.data = new."
            )
        view = np.asarray(self._value).view()
        view.setflags(write=False)
        if self._node is not None and view.ndim:
            remember(view, "data", self._node)
        return view

    @data.setter
    def data(self, new: npt.ArrayLike) -> None:
        node = self._node
        if node is not None and not isinstance(node, Leaf):
            raise GradientError(
                f"Tensor{_called(self.name)}.data: only a leaf can be assigned, and this "
                f"is the result of "
                f"{node.op.name if node.op else 'an op'}; compute a new tensor, or use "
                f"detach() first."
            )
        value = real_array(new, self.dtype)
        if value.shape != self.shape:
            raise ShapeError(
                f"Tensor{_called(self.name)}.data: needs shape {self.shape}, got {value.shape}; "
                "make a new Tensor to change the shape."
            )
        # The old array is left as it is: graphs that were recorded with it keep their right
        # derivatives.
        self._value = _kept(value)
        if node is not None:
            node.assign(self._value)
        elif self._constant is not None:
            old = self._constant
            self._constant = Constant(self._value, old.name, weak=old.weak)

    @property
    def grad(self) -> npt.NDArray[Any] | Any:
        """The gradient that `backward` has accumulated here: an array of this shape, or None."""
        node = self._node
        if node is None:
            return None
        if node.extra is None or not node.extra.retains:
            if node.walked and node.op is not None:
                warnings.warn(
                    f"Tensor{_called(self.name)}.grad: a result of {node.op.name} keeps no "
                    "gradient; for an update write w.data = w.data - rate * w.grad, or ask for it "
                    "with t.retain_grad() before backward().",
                    stacklevel=2,
                )
            return None
        return node.extra.grad

    @grad.setter
    def grad(self, new: npt.ArrayLike | None) -> None:
        if new is None:
            self.zero_grad()
            return
        if self._node is None:
            raise GradientError(
                f"Tensor{_called(self.name)}.grad: a constant has none; make it with "
                f"requires_grad=True."
            )
        value = real_array(new, self.dtype)
        if value.shape != self.shape:
            raise ShapeError(
                f"Tensor{_called(self.name)}.grad: needs shape {self.shape}, got {value.shape}."
            )
        extra = self._node.more()
        extra.grad, extra.passes = value, 1

    @property
    def requires_grad(self) -> bool:
        """Whether `backward` from a result of this tensor passes through it."""
        return self._node is not None

    @requires_grad.setter
    def requires_grad(self, on: bool) -> None:
        if bool(on) == self.requires_grad:
            return
        t = self.name or "t"
        how = (
            f"make it so from the start: Tensor(..., requires_grad=True), or {t} = "
            f"Tensor({t}.data, requires_grad=True)"
            if on
            else f"compute with {t}.detach() where it is to be constant, or leave it out of the "
            "parameters that the optimizer gets"
        )
        raise GradientError(
            f"Tensor{_called(self.name)}.requires_grad = {bool(on)}: graphs that were recorded "
            f"with this tensor would not know; {how}."
        )

    @property
    def is_leaf(self) -> bool:
        """Whether it was made with requires_grad=True, rather than computed."""
        return isinstance(self._node, Leaf)

    @property
    def made_by(self) -> str | None:
        """The name of the op that computed it; None for leaves, constants and what is not recorded.

        Examples
        --------
        >>> from autograd import Tensor, sigmoid
        >>> sigmoid(Tensor(0.0, requires_grad=True)).made_by
        'sigmoid'
        """
        node = self._node
        return None if node is None or node.op is None else node.op.name

    @property
    def comes_from(self) -> str | None:
        """The name of the op whose results these are: seen through what arranges or bounds them.

        That is through reshaping, transposing, taking parts, joining and clipping.
        ``1 / (1 + np.exp(-z))`` is a "sigmoid".

        Examples
        --------
        >>> import numpy as np
        >>> from autograd import Tensor, sigmoid
        >>> z = Tensor([0.0, 1.0], requires_grad=True)
        >>> np.clip(sigmoid(z), 1e-9, 1).reshape(2, 1).comes_from
        'sigmoid'
        """
        return None if self._node is None else origin_of(self._node)

    @property
    def name(self) -> str | None:
        """What drawings, reports and errors call it, or None."""
        if self._node is not None:
            return self._node.name
        return None if self._constant is None else self._constant.name

    def named(self, name: str) -> Tensor:
        """Give the tensor a name and return it, so that a line of mathematics stays one line.

        Examples
        --------
        >>> from autograd import Tensor
        >>> (Tensor(2.0, requires_grad=True) * 3).named("u").name
        'u'
        """
        checked = _checked_name(name)
        if self._node is not None:
            self._node.name = checked
        else:
            old = self._constant
            weak = old is not None and old.weak
            cut = None if old is None else old.cut
            self._constant = Constant(self._value, checked, weak=weak, cut=cut)
        return self

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        shape: tuple[int, ...] = self._value.shape
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype of the value."""
        dtype: np.dtype[Any] = self._value.dtype
        return dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        """The bytes of one element."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return self.size * self.dtype.itemsize

    # -- values without their history --------------------------------------------------------------

    def detach(self) -> Tensor:
        """Return the same value as a constant, cut from the graph."""
        tensor = wrap(self._value)
        node = self._node
        if node is not None:
            cut: Any = cut_since("detach()", (node,))  # until a constant is needed
            tensor._constant = cut
        return tensor

    def numpy(self) -> npt.NDArray[Any]:
        """Return a copy of the value as an array that may be written to."""
        self._converted("numpy")
        array = np.array(self._value)
        remember(array, "numpy()", self._node)
        return array

    def item(self, *index: Any) -> Any:
        """Return the single element, or the one at an index, as a Python number."""
        self._converted("item")
        found = self._value.item(*index)
        remember_number(found, "item()", self._node)
        return found

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        if self._has_gradient():
            frame = sys._getframe(1)
            sparse = frame.f_globals.get("__name__", "").startswith("scipy.sparse")
            if sparse and "matmul" in frame.f_code.co_name:
                # A sparse matrix leaves the product to the other operand if that is not an array.
                found = np.empty((), object)
                found[()] = self
                return found
            if number_use(frame) == ("store", ""):
                raise self._stored("")
            who = asked_by(frame)
            short = who.rpartition(".")[2]
            known = who.startswith("np.") and short != "einsum"
            known = known and (short in OPS or short in COMPOSITES)
            ours = INSTEAD.get(who, f"autograd.{short}(...), which takes lists" if known else None)
            raise GradientError(
                f"{who} of a Tensor{_called(self.name)}: it would make a plain array of it, in a "
                "list or by itself, and the gradient would be lost; "
                + (f"write {ours}, " if ours else "")
                + "make one tensor of a list with autograd.array([...]), or use t.detach() if that "
                "is meant."
            )
        if copy is False and dtype is not None and np.dtype(dtype) != self.dtype:
            raise ValueError(f"np.asarray(Tensor): {self.dtype} to {dtype} cannot be without copy.")
        return self.data if copy is False else np.array(self._value, dtype=dtype)

    def __dlpack__(self, **options: Any) -> Any:
        """Give a copy of a constant's values to another library; a graph would be lost."""
        if self._has_gradient():
            raise GradientError(
                f"__dlpack__ of a Tensor{_called(self.name)}: another library gets the values "
                "without their graph; pass t.detach() if that is meant."
            )
        return np.array(self._value).__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        """Say that the values are in main memory."""
        return np.empty(0).__dlpack_device__()

    def __bool__(self) -> bool:
        return bool(self._value)

    def __float__(self) -> float:
        self._converted("float")
        found = float(self._value)
        remember_number(found, "float()", self._node)
        return found

    def __int__(self) -> int:
        self._converted("int")
        return int(self._value)

    def _converted(self, kind: str) -> None:
        """Refuse a plain number where the graph would be cut unseen.

        That is in a transform, and everywhere in an assignment to an array's element, in a function
        of `math` and inside of a function of NumPy, which got it beside a plain array.
        """
        if self._node is None or not self._has_gradient():
            return
        frame = sys._getframe(2)
        if kind in ("float", "int") and in_numpy(frame):
            who = asked_by(frame)
            raise GradientError(
                f"{who} with a Tensor{_called(self.name)} beside a plain array: NumPy takes its "
                f"number alone, and the gradient would be lost; {BESIDE}, or pass t.item() if that "
                "is meant."
            )
        use, text = number_use(frame) if kind in ("float", "int") else ("", "")
        if use == "store":
            raise self._stored(text)
        if use == "callback":
            said = (
                f"{text} takes the number of a Tensor{_called(self.name)} alone, so that its "
                "gradient is lost; compute it with NumPy's functions, or pass t.item() if that is "
                "meant."
            )
            warnings.warn_explicit(said, RuntimeWarning, frame.f_code.co_filename, frame.f_lineno)
        if use == "function":
            name = text.rpartition(".")[2]
            instead = f"np.{name}(...)" if hasattr(np, name) else "a function of NumPy"
            raise GradientError(
                f"{text}(Tensor{_called(self.name)}): it gives a plain number, and the gradient "
                f"would be lost; write {instead}, or {text} of t.item() if that is meant."
            )
        state = STATE.get()
        if state.depth or (running_transforms() and _of_transform(self._node)):
            raise GradientError(
                f"{kind}(Tensor{_called(self.name)}) inside a transform: the gradient would be "
                "lost; use NumPy's functions (np.sin, not math.sin), or t.detach() to look at it."
            )
        if state.anomaly or watched_elsewhere():
            warnings.warn_explicit(
                f"{kind}(Tensor{_called(self.name)}) gives a plain number: what is computed from "
                "it has no gradient.",
                RuntimeWarning,
                frame.f_code.co_filename,
                frame.f_lineno,
            )

    def _has_gradient(self) -> bool:
        """Whether a plain number of it would lose one: it has a graph, and not of a step alone."""
        node = self._node
        if node is None or node.op is None or not node.op.flat_in:
            return node is not None
        op = node.op
        asked = zip(op.operands, node.parents, strict=False)
        return not op.flat and any(p is not None and n not in op.flat_in for n, p in asked)

    def _stored(self, text: str) -> GradientError:
        """Return the error of a tensor that is stored into a plain array."""
        what = f"{text}(...)" if text else "array[...] = ..."
        return GradientError(
            f"{what} with a Tensor{_called(self.name)}: a plain array keeps the number alone, and "
            "the gradient would be lost; write y = at(y, index).set(t) for a new tensor, collect "
            "the parts in a list and join them with autograd.array([...]) or np.stack([...]), or "
            "store t.item() if that is meant."
        )

    def __index__(self) -> int:
        if self.dtype.kind not in "biu" or self.ndim:
            raise TypeError(f"a Tensor of {self.dtype} and shape {self.shape} is not an index.")
        return int(self._value)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a Tensor of shape ()")
        return self.shape[0]

    def __contains__(self, item: Any) -> bool:
        return bool((self._value == value_of(item)).any())

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:
            raise TypeError("iteration over a Tensor of shape ()")
        return (self[i] for i in range(self.shape[0]))

    def __format__(self, spec: str) -> str:
        if not spec:
            return repr(self)
        if self.size != 1:
            raise TypeError(
                f"format {spec!r} needs a single number, got a Tensor of shape {self.shape}; "
                "format its elements, or a reduction of it."
            )
        self._converted("format")
        return format(self._value.item(), spec)

    def __repr__(self) -> str:
        body = np.array2string(np.asarray(self._value), separator=", ", threshold=20, edgeitems=2)
        parts = [body.replace("\n", "\n" + " " * len("Tensor("))]
        if self.dtype not in (np.float64, np.int64, np.bool_):
            parts.append(f"dtype={self.dtype}")
        if self.name is not None:
            parts.append(f"name={self.name!r}")
        if self._node is not None:
            op = self._node.op
            parts.append("requires_grad=True" if op is None else f"op={op.name}")
        return f"Tensor({', '.join(parts)})"

    def __copy__(self) -> Tensor:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        """Copy the value; a leaf stays one, without its gradient; a result becomes a constant.

        In a transform the copy is recorded, so it passes its gradient on to the original.
        """
        if self._node is not None and STATE.get().depth:
            return +self
        return _rebuilt(*self._parts())

    def __reduce__(self) -> tuple[Any, ...]:
        self._converted("pickle")
        return _rebuilt, self._parts()

    def _parts(self) -> tuple[npt.NDArray[Any], bool, str | None, bool]:
        """Return the value, whether it is a leaf, its name, and whether a module has it."""
        leaf = self._node if isinstance(self._node, Leaf) else None
        return np.array(self._value), leaf is not None, self.name, bool(leaf and leaf.of_module)

    # -- gradients ---------------------------------------------------------------------------------

    def retain_grad(self) -> Tensor:
        """Keep the gradient of a result, as a leaf does, and return the tensor."""
        if self._node is None:
            raise GradientError(
                f"Tensor{_called(self.name)}.retain_grad: a constant has no gradient; "
                "make the leaves with requires_grad=True."
            )
        self._node.more().retains = True
        return self

    def zero_grad(self) -> None:
        """Forget the accumulated gradient: `grad` is None again."""
        if self._node is not None and self._node.extra is not None:
            self._node.extra.grad, self._node.extra.passes = None, 0

    def register_hook(self, hook: Callable[[Any], Any]) -> Callable[[], None]:
        """Call `hook(gradient)` when a backward walk reaches this tensor.

        Parameters
        ----------
        hook : callable
            Takes the gradient with respect to this tensor (an array of its shape). What it returns,
            unless None, takes the gradient's place.

        Returns
        -------
        callable
            Call it to remove the hook.
        """
        if self._node is None:
            raise GradientError(
                f"Tensor{_called(self.name)}.register_hook: a constant has no gradient."
            )
        if not callable(hook):
            raise DTypeError(
                f"Tensor{_called(self.name)}.register_hook: needs a function of the gradient, "
                f"got {type(hook).__name__}."
            )
        extra = self._node.more()
        hooks = extra.hooks = [] if extra.hooks is None else extra.hooks
        hooks.append(hook)

        def remove() -> None:
            if hook in hooks:
                hooks.remove(hook)

        return remove

    def __setitem__(self, index: Any, value: Any) -> NoReturn:
        raise GradientError(
            f"Tensor{_called(self.name)}[...] = value: a recorded value cannot change; "
            "write x = at(x, index).set(value) for a new tensor, or where(mask, value, x)."
        )

    if TYPE_CHECKING:  # attached from the registry of ops by autograd.methods
        T: Tensor

        def backward(
            self,
            cotangent: npt.ArrayLike | None = None,
            *,
            retain_graph: bool = False,
            create_graph: bool = False,
        ) -> None: ...

        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __neg__(self) -> Tensor: ...
        def __pos__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __getitem__(self, index: Any) -> Tensor: ...
        def __eq__(self, other: object) -> Any: ...
        def __ne__(self, other: object) -> Any: ...
        def __lt__(self, other: Any) -> Any: ...
        def __le__(self, other: Any) -> Any: ...
        def __gt__(self, other: Any) -> Any: ...
        def __ge__(self, other: Any) -> Any: ...
        def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def max(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def min(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def prod(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def var(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor: ...
        def std(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor: ...
        def ptp(self, axis: Any = None, keepdims: bool = False) -> Tensor: ...
        def cumsum(self, axis: int | None = None) -> Tensor: ...
        def cumprod(self, axis: int | None = None) -> Tensor: ...
        def ravel(self) -> Tensor: ...
        def squeeze(self, axis: Any = None) -> Tensor: ...
        def swapaxes(self, axis1: int, axis2: int) -> Tensor: ...
        def repeat(self, repeats: Any, axis: int | None = None) -> Tensor: ...
        def take(self, indices: Any, axis: int | None = None) -> Tensor: ...
        def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor: ...
        def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor: ...
        def clip(self, a_min: Any = None, a_max: Any = None) -> Tensor: ...
        def round(self, decimals: int = 0) -> Tensor: ...
        def dot(self, b: Any) -> Tensor: ...
        def astype(self, dtype: npt.DTypeLike) -> Tensor: ...
        def reshape(self, *shape: Any) -> Tensor: ...
        def transpose(self, *axes: Any) -> Tensor: ...
        def argmax(self, axis: int | None = None) -> Any: ...
        def argmin(self, axis: int | None = None) -> Any: ...
        def argsort(self, axis: int | None = -1) -> Any: ...
        def any(self, axis: Any = None) -> Any: ...
        def all(self, axis: Any = None) -> Any: ...
        def tolist(self) -> Any: ...
        def copy(self, order: str = "C") -> Tensor: ...
        def conj(self) -> Tensor: ...
        def flatten(self, order: str = "C") -> Tensor: ...
        def sort(self, axis: int | None = -1) -> Tensor: ...
        def partition(self, kth: Any, axis: int | None = -1) -> Tensor: ...
        def __round__(self, digits: int | None = None) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __rmod__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __rfloordiv__(self, other: Any) -> Tensor: ...

        @property
        def mT(self) -> Tensor: ...

        @property
        def real(self) -> Tensor: ...


def adopt(tensor: Tensor) -> None:
    """Make a leaf a parameter of a module: pictures put it where the module's calls are."""
    if isinstance(tensor._node, Leaf):
        tensor._node.of_module = True


def _of_transform(node: Node) -> bool:
    """Whether a result was computed from what a transform, in any thread, differentiates by."""
    seen, stack = {node}, [node]
    while stack:
        for parent in stack.pop().parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return any(isinstance(n, Leaf) and n.of_transform for n in seen)


def wrap(value: Any, node: Node | None = None) -> Tensor:
    """Return a tensor on a value that is already the engine's own."""
    tensor: Tensor = Tensor.__new__(Tensor)
    tensor._value = value
    tensor._node = node
    tensor._constant = None
    return tensor


def real_array(data: Any, dtype: npt.DTypeLike | None = None) -> npt.NDArray[Any]:
    """Return a fresh array of real numbers, or raise DTypeError."""
    if isinstance(data, Tensor):
        data = data._value
    if isinstance(data, np.ma.MaskedArray):
        raise DTypeError(
            "Tensor: the mask of a masked array would be lost; pass x.filled(value), or use "
            "where(x.mask, ...)."
        )
    try:
        value = np.array(data)
        if dtype is not None and value.dtype.kind in "biuf":  # complex ones would lose a part
            value = value.astype(dtype, copy=False)
    except (TypeError, ValueError) as error:
        raise DTypeError(
            f"Tensor: needs numbers, got {type(data).__name__}: {error}; "
            "rows of different lengths or Tensors inside a list need stack() or concatenate()."
        ) from error
    if value.dtype.kind not in "biuf":
        hint = "complex numbers are not differentiable here" if value.dtype.kind == "c" else ""
        raise DTypeError(
            f"Tensor: needs real numbers, got {value.dtype}{': ' if hint else ''}{hint}; "
            "pass floats, such as x.astype(float)."
        )
    return value


def _kept(value: npt.NDArray[Any]) -> Any:
    """Return a fresh value as tensors keep it: a scalar, or an array nobody can write to."""
    if not value.ndim:
        return value[()]
    value.setflags(write=False)
    return value


def _rebuilt(
    value: npt.NDArray[Any], is_leaf: bool, name: str | None, adopted: bool = False
) -> Tensor:
    tensor = Tensor(value, requires_grad=is_leaf, name=name)
    if adopted:
        adopt(tensor)
    return tensor


def value_of(x: Any) -> Any:
    """Return the value of a tensor, without its history; anything else as it is."""
    return x._value if type(x) is Tensor else x


def has_tensors(x: Any) -> bool:
    """Whether a value is a tensor, or nested lists that have one in them."""
    return type(x) is Tensor or (isinstance(x, (list, tuple)) and any(map(has_tensors, x)))


def arrayed(x: Any) -> Any:
    """Return a tensor or an array as it is, and numbers and lists as an array.

    A list of tensors is recorded as one.
    """
    if hasattr(x, "shape"):
        return x
    if has_tensors(x):
        from autograd.ops.joining import array

        return array(x)
    return np.asarray(x)


def _called(name: str | None) -> str:
    return "" if name is None else f" {name!r}"


def _checked_name(name: str | None) -> str | None:
    if name is not None and not isinstance(name, str):
        raise DTypeError(f"Tensor: a name needs to be a str, got {type(name).__name__}.")
    return name or None  # an empty one is none
