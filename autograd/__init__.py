"""A NumPy autograd whose derivatives can be seen, traced to their line, and checked by hand.

Always: nothing is recorded unless a `Tensor` that requires a gradient takes part, and a recorded
value never changes.
"""

__distribution__ = "retrograd"  # tells this package from another one of the same import name

from autograd.backward import gradients
from autograd.checking import (
    BackpropReport,
    GradientReport,
    check_gradients,
    compare_backprop,
    relative_error,
)
from autograd.errors import AutogradError, DTypeError, GradientError, RuleError, ShapeError
from autograd.functional import grad
from autograd.graph import Edge, Graph, GraphNode, graph
from autograd.methods import attach
from autograd.op import OPS, Op, op
from autograd.ops.arithmetic import add, divide, multiply, negative, positive, power, subtract
from autograd.ops.elementwise import (
    absolute,
    cbrt,
    exp,
    exp2,
    expm1,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    logaddexp2,
    maximum,
    minimum,
    reciprocal,
    sign,
    sqrt,
    square,
    where,
)
from autograd.ops.index import concatenate, getitem, scatter
from autograd.ops.linalg import matmul
from autograd.ops.neural import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    leaky_relu,
    relu,
    sigmoid,
    softmax,
    softmax_cross_entropy,
    softplus,
)
from autograd.ops.reduce import logsumexp, max, mean, min, sum
from autograd.ops.shape import astype, broadcast_to, matrix_transpose, reshape, transpose
from autograd.ops.trigonometric import (
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    cos,
    cosh,
    deg2rad,
    hypot,
    rad2deg,
    sin,
    sinc,
    sinh,
    tan,
    tanh,
)
from autograd.state import enable_grad, name_scope, no_grad
from autograd.symbol import format_number
from autograd.tensor import Tensor

attach()
abs = absolute

__all__ = [
    "OPS",
    "AutogradError",
    "BackpropReport",
    "DTypeError",
    "Edge",
    "GradientError",
    "GradientReport",
    "Graph",
    "GraphNode",
    "Op",
    "RuleError",
    "ShapeError",
    "Tensor",
    "abs",
    "absolute",
    "add",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "astype",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "broadcast_to",
    "cbrt",
    "check_gradients",
    "compare_backprop",
    "concatenate",
    "cos",
    "cosh",
    "deg2rad",
    "divide",
    "enable_grad",
    "exp",
    "exp2",
    "expm1",
    "format_number",
    "getitem",
    "grad",
    "gradients",
    "graph",
    "hypot",
    "leaky_relu",
    "log",
    "log10",
    "log1p",
    "log2",
    "logaddexp",
    "logaddexp2",
    "logsumexp",
    "matmul",
    "matrix_transpose",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "multiply",
    "name_scope",
    "negative",
    "no_grad",
    "op",
    "positive",
    "power",
    "rad2deg",
    "reciprocal",
    "relative_error",
    "relu",
    "reshape",
    "scatter",
    "sigmoid",
    "sign",
    "sin",
    "sinc",
    "sinh",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "sqrt",
    "square",
    "subtract",
    "sum",
    "tan",
    "tanh",
    "transpose",
    "where",
]
