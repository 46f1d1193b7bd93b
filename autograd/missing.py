"""NumPy's functions that record nothing here, each with its reason and what to write instead.

Errors say it when one is called on a Tensor, and `docs/ops.md` lists them all.
"""

from __future__ import annotations

__all__ = ["ATTRIBUTES", "BESIDE", "INSTEAD", "MISSING", "MODULES", "reason"]

_REASONS = {
    "it makes an array from numbers; give the result to ops": (
        "arange array asanyarray asarray asarray_chkfinite ascontiguousarray asfortranarray "
        "asmatrix bmat empty eye from_dlpack frombuffer fromfile fromfunction fromiter "
        "fromregex fromstring full genfromtxt identity indices load loadtxt ones require tri "
        "zeros bartlett blackman hamming hanning kaiser"
    ),
    "it makes indices; call it on shapes and plain arrays": (
        "broadcast_shapes diag_indices ix_ mask_indices ravel_multi_index tril_indices "
        "triu_indices unravel_index nested_iters"
    ),
    "it works on integers, bits, or dates, which have no derivative": (
        "bitwise_and bitwise_invert bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift "
        "bitwise_xor invert left_shift right_shift gcd lcm packbits unpackbits nextafter "
        "busday_count busday_offset is_busday isnat datetime_as_string datetime_data"
    ),
    "it writes into its argument, which a graph may need; use at(x, index).set(values)": (
        "copyto fill_diagonal place put put_along_axis putmask"
    ),
    "it calls a Python function for each slice; write stack([f(row) for row in x])": (
        "apply_along_axis apply_over_axes frompyfunc"
    ),
    "it calls Python functions where conditions hold; write select(conditions, values)": (
        "piecewise"
    ),
    "it selects elements by value; take them by an index: x[np.unique(x.data, True)[1]]": (
        "intersect1d setdiff1d setxor1d trim_zeros union1d unique unique_all unique_counts "
        "unique_inverse unique_values"
    ),
    "it belongs to NumPy's old polynomial functions; write the sum of powers, or polyval": (
        "poly polyadd polyder polydiv polyfit polyint polymul polysub"
    ),
    "its results may be complex; for a symmetric matrix use eigh or eigvalsh": "eig eigvals roots",
    "it is about complex numbers, and tensors are real": ("angle imag real_if_close sort_complex"),
    "it counts, and would lose the weights' gradient; use bincount(np.digitize(x.data, bins), w)": (
        "histogram histogram2d histogramdd histogram_bin_edges"
    ),
    "NumPy deprecates it; use vstack": "row_stack",
    "older NumPy has it under this name; use isin": "in1d",
    "older NumPy has it under this name; use trapezoid": "trapz",
    "it is about files, text, types and settings, not about values": (
        "base_repr binary_repr format_float_positional format_float_scientific get_include "
        "get_printoptions getbufsize geterr geterrcall info isdtype isfortran isscalar issubdtype "
        "iterable mintypecode printoptions promote_types save savetxt savez savez_compressed "
        "set_printoptions setbufsize seterr seterrcall show_config show_runtime test typename"
    ),
}

MISSING: dict[str, str] = {name: why for why, names in _REASONS.items() for name in names.split()}


# Functions in the modules of NumPy whose results are complex, or may be.
MODULES = {
    "np.fft": "its results are complex, and tensors are real (fftshift is np.roll)",
    "np.emath": (
        "its results are complex outside of the domain of the real function; write np.{name} where "
        "the operand is inside"
    ),
}


# What to write for functions of SciPy that no protocol of NumPy leads to us; their defaults differ.
INSTEAD = {
    "np.full": "t * np.ones(shape)",
    "np.full_like": "t * np.ones_like(x)",
    "scipy.special.softmax": "autograd.softmax(t, axis=None), or with the axis",
    "scipy.special.log_softmax": "autograd.log_softmax(t, axis=None), or with the axis",
    "scipy.special.logsumexp": "autograd.logsumexp(t)",
    "scipy.special.polygamma": "autograd.polygamma(t, n)",
}

# What to write for a tensor that NumPy's function takes as a parameter beside a plain array.
BESIDE = (
    "write it with functions that take it as an operand, such as np.sum(x) + t for initial=t, or "
    "np.where(np.isnan(x), t, x) for nan=t"
)

# Attributes of arrays that tensors lack.
_WRITES = "it would change the tensor in place, which a graph may need"
ATTRIBUTES = {
    **dict.fromkeys(("fill", "itemset"), f"{_WRITES}; write np.full_like(t, value)"),
    "put": f"{_WRITES}; write at(t, index).set(values)",
    **dict.fromkeys(
        ("resize", "byteswap", "setfield", "setflags"),
        f"{_WRITES}; work on t.numpy(), a copy",
    ),
    **dict.fromkeys(
        (
            *("base", "ctypes", "device", "flags", "strides", "getfield", "to_device"),
            "newbyteorder",
        ),
        "it is about how an array lies in memory; ask t.data",
    ),
    "flat": "an iterator over elements would write in place; iterate over t.ravel()",
    **dict.fromkeys(
        ("dump", "dumps", "tobytes", "tofile", "tostring"),
        "it writes the values without their graph; write t.data.{name}(...), or np.save",
    ),
    "imag": "tensors are real",
    "view": "write t.reshape(shape) for another shape; of how it lies in memory, ask t.data",
}
# What PyTorch's tensors have under another name, or as a method.
ATTRIBUTES |= {
    name: f"write {instead}"
    for name, instead in {
        **{
            f: f"np.{f}(t)"
            for f in ("exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "log1p", "expm1", "square")
        },
        **{f: f"autograd.{f}(t)" for f in ("sigmoid", "relu", "softmax", "log_softmax")},
        **dict.fromkeys(("add_", "sub_", "mul_", "div_", "zero_"), "t = t + x, a new tensor"),
        **dict.fromkeys(("cpu", "cuda", "contiguous"), "t: tensors are NumPy arrays already"),
        **dict.fromkeys(("float", "double", "half", "to", "type"), "t.astype(np.float32)"),
        **dict.fromkeys(("unsqueeze", "unsqueeze_"), "np.expand_dims(t, axis)"),
        **dict.fromkeys(("mm", "bmm", "matmul"), "a @ b"),
        "abs": "abs(t)",
        "pow": "t ** n",
        "t": "t.T",
        "permute": "t.transpose(axes)",
        "numel": "t.size",
        "norm": "np.linalg.norm(t)",
        "clone": "t.copy()",
        "expand": "np.broadcast_to(t, shape)",
        "cat": "np.concatenate([...])",
        "grad_fn": "autograd.graph(t), which shows the ops",
        "requires_grad_": "Tensor(x, requires_grad=True)",
        "retains_grad": "t.retain_grad()",
        "median": "np.median(t)",
    }.items()
}


def reason(name: str) -> str:
    """Return why a NumPy function has no derivative rule here, as a part of a sentence."""
    return f"{MISSING[name]}; " if name in MISSING else ""
