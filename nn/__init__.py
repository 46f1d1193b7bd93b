"""Logistic regression and L-layer networks as a well-known deep-learning course teaches them.

Always: examples are columns. X is (n_x, m), W[l] is (n[l], n[l−1]), b[l] is (n[l], 1).
"""

__version__ = "0.1.0"

from nn import _guard  # noqa: F401, I001 - refuses another distribution's autograd first
from autograd import Tensor
from nn.activations import (
    Activation,
    Identity,
    LeakyReLU,
    ReLU,
    Sigmoid,
    Softmax,
    Softplus,
    Tanh,
)
from nn.data import Normalizer, Part, minibatches, one_hot, split
from nn.init import glorot, he, small_random, xavier, zeros
from nn.linear import Linear, Network
from nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cost,
    softmax_cross_entropy,
)
from nn.module import Module, Sequential
from nn.optim import SGD, Adam, Optimizer
from nn.training import History, TrainingError, accuracy, fit

__all__ = [
    "SGD",
    "Activation",
    "Adam",
    "History",
    "Identity",
    "LeakyReLU",
    "Linear",
    "Module",
    "Network",
    "Normalizer",
    "Optimizer",
    "Part",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "Tensor",
    "TrainingError",
    "accuracy",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cost",
    "fit",
    "glorot",
    "he",
    "minibatches",
    "one_hot",
    "small_random",
    "softmax_cross_entropy",
    "split",
    "xavier",
    "zeros",
]
