"""A NumPy autograd whose derivatives can be seen, traced to their line, and checked by hand.

Always: nothing is recorded unless a `Tensor` that requires a gradient takes part, and a recorded
value never changes.
"""

__version__ = "0.1.0"
__distribution__ = "retrograd"  # tells this package from another one of the same import name

import numpy as np

from autograd.backprop import (
    BackpropDiagnosis as BackpropDiagnosis,
    check_backprop as check_backprop,
)
from autograd.backward import gradients as gradients
from autograd.checking import (
    BackpropReport as BackpropReport,
    GradientReport as GradientReport,
    check_gradients as check_gradients,
    compare_backprop as compare_backprop,
    relative_error as relative_error,
)
from autograd.checkpointing import checkpoint as checkpoint
from autograd.collector import pause_collector as pause_collector
from autograd.errors import (
    AnomalyError as AnomalyError,
    AutogradError as AutogradError,
    DTypeError as DTypeError,
    GradientError as GradientError,
    LimitWarning as LimitWarning,
    ReadOnlyError as ReadOnlyError,
    RuleError as RuleError,
    ShapeError as ShapeError,
)
from autograd.functional import (
    grad as grad,
    hessian as hessian,
    hvp as hvp,
    jacobian as jacobian,
    jvp as jvp,
    value_and_grad as value_and_grad,
    vjp as vjp,
)
from autograd.graph import (
    Edge as Edge,
    Graph as Graph,
    GraphNode as GraphNode,
    graph as graph,
)
from autograd.methods import attach
from autograd.op import (
    COMPOSITES as COMPOSITES,
    OPS as OPS,
    Composite as Composite,
    Op as Op,
    composite as composite,
    op as op,
)
from autograd.ops.arithmetic import (
    add as add,
    divide as divide,
    divmod as divmod,
    float_power as float_power,
    floor_divide as floor_divide,
    fmod as fmod,
    modf as modf,
    multiply as multiply,
    negative as negative,
    positive as positive,
    power as power,
    reciprocal as reciprocal,
    remainder as remainder,
    subtract as subtract,
)
from autograd.ops.contractions import (
    dot as dot,
    einsum as einsum,
    inner as inner,
    outer as outer,
    tensordot as tensordot,
)
from autograd.ops.creation import (
    diagflat as diagflat,
    full_like as full_like,
    geomspace as geomspace,
    linspace as linspace,
    logspace as logspace,
    meshgrid as meshgrid,
    vander as vander,
)
from autograd.ops.decompositions import (
    cholesky as cholesky,
    eigh as eigh,
    eigh_stacked as eigh_stacked,
    eigvalsh as eigvalsh,
    lstsq as lstsq,
    qr as qr,
    qr_stacked as qr_stacked,
    svd as svd,
    svd_stacked as svd_stacked,
    svdvals as svdvals,
)
from autograd.ops.elementwise import (
    absolute as absolute,
    cbrt as cbrt,
    exp as exp,
    exp2 as exp2,
    expm1 as expm1,
    fabs as fabs,
    fmax as fmax,
    fmin as fmin,
    log as log,
    log1p as log1p,
    log2 as log2,
    log10 as log10,
    logaddexp as logaddexp,
    logaddexp2 as logaddexp2,
    maximum as maximum,
    minimum as minimum,
    sign as sign,
    sqrt as sqrt,
    square as square,
    where as where,
)
from autograd.ops.indexing import (
    at as at,
    choose as choose,
    compress as compress,
    diag as diag,
    diagonal as diagonal,
    extract as extract,
    getitem as getitem,
    index_add as index_add,
    index_set as index_set,
    scatter as scatter,
    scatter_all as scatter_all,
    select as select,
    take as take,
    take_along_axis as take_along_axis,
    trace as trace,
)
from autograd.ops.joining import (
    append as append,
    array as array,
    array_split as array_split,
    atleast_1d as atleast_1d,
    atleast_2d as atleast_2d,
    atleast_3d as atleast_3d,
    block as block,
    broadcast_arrays as broadcast_arrays,
    column_stack as column_stack,
    concatenate as concatenate,
    delete as delete,
    dsplit as dsplit,
    dstack as dstack,
    hsplit as hsplit,
    hstack as hstack,
    insert as insert,
    split as split,
    stack as stack,
    unstack as unstack,
    vsplit as vsplit,
    vstack as vstack,
)
from autograd.ops.linalg import (
    cross as cross,
    cross_product as cross_product,
    kron as kron,
    matmul as matmul,
    matvec as matvec,
    multi_dot as multi_dot,
    vdot as vdot,
    vecdot as vecdot,
    vecmat as vecmat,
)
from autograd.ops.nans import (
    nancumprod as nancumprod,
    nancumsum as nancumsum,
    nanmax as nanmax,
    nanmean as nanmean,
    nanmin as nanmin,
    nanprod as nanprod,
    nanstd as nanstd,
    nansum as nansum,
    nanvar as nanvar,
)
from autograd.ops.neural import (
    binary_cross_entropy as binary_cross_entropy,
    binary_cross_entropy_with_logits as binary_cross_entropy_with_logits,
    elu as elu,
    erf as erf,
    erfc as erfc,
    gelu as gelu,
    leaky_relu as leaky_relu,
    log_softmax as log_softmax,
    relu as relu,
    sigmoid as sigmoid,
    silu as silu,
    softmax as softmax,
    softmax_cross_entropy as softmax_cross_entropy,
    softplus as softplus,
)
from autograd.ops.norms import (
    cond as cond,
    matrix_norm as matrix_norm,
    norm as norm,
    vector_norm as vector_norm,
)
from autograd.ops.numeric import (
    frexp as frexp,
    ldexp as ldexp,
    polyval as polyval,
    unwrap as unwrap,
)
from autograd.ops.padding import (
    pad as pad,
    padded as padded,
)
from autograd.ops.products import (
    cumprod as cumprod,
    cumsum as cumsum,
    cumulative_prod as cumulative_prod,
    cumulative_sum as cumulative_sum,
    prod as prod,
)
from autograd.ops.reduce import (
    logsumexp as logsumexp,
    max as max,
    min as min,
    sum as sum,
)
from autograd.ops.rounding import (
    ceil as ceil,
    clip as clip,
    copysign as copysign,
    floor as floor,
    heaviside as heaviside,
    nan_to_num as nan_to_num,
    rint as rint,
    round as round,
    trunc as trunc,
)
from autograd.ops.series import (
    diff as diff,
    ediff1d as ediff1d,
    gradient as gradient,
    interp as interp,
    trapezoid as trapezoid,
)
from autograd.ops.shape import (
    astype as astype,
    broadcast_to as broadcast_to,
    expand_dims as expand_dims,
    flip as flip,
    fliplr as fliplr,
    flipud as flipud,
    matrix_transpose as matrix_transpose,
    moveaxis as moveaxis,
    ravel as ravel,
    repeat as repeat,
    reshape as reshape,
    resize as resize,
    roll as roll,
    rollaxis as rollaxis,
    rot90 as rot90,
    squeeze as squeeze,
    swapaxes as swapaxes,
    tile as tile,
    transpose as transpose,
    tril as tril,
    triu as triu,
)
from autograd.ops.solving import (
    det as det,
    inv as inv,
    logabsdet as logabsdet,
    matrix_power as matrix_power,
    pinv as pinv,
    slogdet as slogdet,
    solve as solve,
    tensorinv as tensorinv,
    tensorsolve as tensorsolve,
)
from autograd.ops.sorting import (
    partition as partition,
    sort as sort,
)
from autograd.ops.special import (
    beta as beta,
    betaln as betaln,
    digamma as digamma,
    entr as entr,
    erfcinv as erfcinv,
    erfcx as erfcx,
    erfinv as erfinv,
    gamma as gamma,
    gammaln as gammaln,
    i0 as i0,
    i1 as i1,
    ierfcx as ierfcx,
    iv as iv,
    j0 as j0,
    j1 as j1,
    jv as jv,
    kl_div as kl_div,
    log_expit as log_expit,
    log_ndtr as log_ndtr,
    logit as logit,
    ndtr as ndtr,
    polygamma as polygamma,
    rel_entr as rel_entr,
    xlog1py as xlog1py,
    xlogy as xlogy,
)
from autograd.ops.statistics import (
    average as average,
    bincount as bincount,
    corrcoef as corrcoef,
    cov as cov,
    mean as mean,
    median as median,
    nanmedian as nanmedian,
    nanpercentile as nanpercentile,
    nanquantile as nanquantile,
    percentile as percentile,
    ptp as ptp,
    quantile as quantile,
    std as std,
    var as var,
)
from autograd.ops.trigonometric import (
    arccos as arccos,
    arccosh as arccosh,
    arcsin as arcsin,
    arcsinh as arcsinh,
    arctan as arctan,
    arctan2 as arctan2,
    arctanh as arctanh,
    cos as cos,
    cosh as cosh,
    deg2rad as deg2rad,
    hypot as hypot,
    rad2deg as rad2deg,
    sin as sin,
    sinc as sinc,
    sinh as sinh,
    tan as tan,
    tanh as tanh,
)
from autograd.ops.windows import (
    avg_pool as avg_pool,
    conv as conv,
    convolve as convolve,
    correlate as correlate,
    max_pool as max_pool,
    overlap_add as overlap_add,
    sliding_window_view as sliding_window_view,
)
from autograd.source import Source as Source, to_source as to_source
from autograd.state import (
    detect_anomaly as detect_anomaly,
    enable_grad as enable_grad,
    name_scope as name_scope,
    no_grad as no_grad,
    strong_zero as strong_zero,
)
from autograd.symbol import format_number as format_number
from autograd.tensor import Tensor as Tensor

attach()
abs = absolute

# All names above that are public: each stands once. Constants first, then types.
__all__ = [n for n, x in globals().items() if n[0] != "_" and type(x) is not type(np)]
__all__.remove("attach")
__all__.sort(key=lambda n: (not n.isupper(), n[0].islower(), n))
