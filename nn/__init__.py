"""Logistic regression and L-layer networks as a well-known deep-learning course teaches them.

Always: examples are columns. X is (n_x, m), W[l] is (n[l], n[l−1]), b[l] is (n[l], 1).
"""

__version__ = "0.1.0"

from nn import _guard  # noqa: F401, I001 - refuses another distribution's autograd first
from nn._words import lacking as __getattr__  # noqa: F401 - of names from elsewhere
from autograd import Tensor as Tensor
from nn import by_hand as by_hand
from nn.activations import (
    ELU as ELU,
    GELU as GELU,
    Activation as Activation,
    Identity as Identity,
    LeakyReLU as LeakyReLU,
    PReLU as PReLU,
    ReLU as ReLU,
    Sigmoid as Sigmoid,
    SiLU as SiLU,
    Softmax as Softmax,
    Softplus as Softplus,
    Tanh as Tanh,
)
from nn.checks import CourseCheck as CourseCheck, check_gradients as check_gradients
from nn.data import (
    Normalizer as Normalizer,
    Part as Part,
    augment as augment,
    image_to_vector as image_to_vector,
    minibatches as minibatches,
    one_hot as one_hot,
    split as split,
    vector_to_image as vector_to_image,
)
from nn.diagnosis import (
    BiasVariance as BiasVariance,
    TrainingWarning as TrainingWarning,
    diagnose_bias_variance as diagnose_bias_variance,
)
from nn.estimators import (
    LogisticRegression as LogisticRegression,
    MLPClassifier as MLPClassifier,
    MLPRegressor as MLPRegressor,
    Perceptron as Perceptron,
)
from nn.history import History as History
from nn.init import (
    glorot as glorot,
    he as he,
    small_random as small_random,
    xavier as xavier,
    zeros as zeros,
)
from nn.io import (
    FileFormatError as FileFormatError,
    load as load,
    metadata_of as metadata_of,
    save as save,
)
from nn.linear import Linear as Linear, Network as Network
from nn.losses import (
    binary_cross_entropy as binary_cross_entropy,
    binary_cross_entropy_with_logits as binary_cross_entropy_with_logits,
    cost as cost,
    mean_squared_error as mean_squared_error,
    softmax_cross_entropy as softmax_cross_entropy,
    squared_error as squared_error,
)
from nn.metrics import (
    accuracy as accuracy,
    auc as auc,
    confusion_matrix as confusion_matrix,
    f1 as f1,
    precision as precision,
    recall as recall,
)
from nn.module import Module as Module
from nn.normalization import BatchNorm as BatchNorm
from nn.optim import (
    SGD as SGD,
    Adam as Adam,
    AdamW as AdamW,
    Momentum as Momentum,
    Optimizer as Optimizer,
    RMSprop as RMSprop,
    clip_gradients as clip_gradients,
    weighted_average as weighted_average,
)
from nn.plots import (
    plot_confusion_matrix as plot_confusion_matrix,
    plot_cost as plot_cost,
    plot_decision_boundary as plot_decision_boundary,
    plot_gradient_norms as plot_gradient_norms,
    plot_schedule as plot_schedule,
    plot_weights as plot_weights,
    save_plot as save_plot,
)
from nn.regularizers import L1 as L1, L2 as L2, Dropout as Dropout, Penalty as Penalty
from nn.schedules import (
    ExponentialDecay as ExponentialDecay,
    InverseDecay as InverseDecay,
    RootDecay as RootDecay,
    Schedule as Schedule,
    Staircase as Staircase,
)
from nn.search import Trial as Trial, random_search as random_search
from nn.sequential import Sequential as Sequential
from nn.training import (
    EarlyStopping as EarlyStopping,
    TrainingError as TrainingError,
    fit as fit,
)

__all__ = [n for n, x in globals().items() if n[0] != "_" and type(x) is not type(by_hand)]
__all__ += ["by_hand"]
__all__.sort(key=lambda n: (not n.isupper(), n[0].islower(), n))
