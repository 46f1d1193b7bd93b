"""The façades: what they export, and that it is described."""

from __future__ import annotations

import inspect

import pytest

import autograd
import nn
import viz


@pytest.mark.parametrize("package", [autograd, nn, viz])
def test_all_is_sorted_complete_and_described(package) -> None:
    names = package.__all__
    upper = [n for n in names if n.isupper()]
    types = [n for n in names if not n.isupper() and n[0].isupper()]
    functions = [n for n in names if n[0].islower()]
    assert names == sorted(upper) + sorted(types) + sorted(functions)
    for name in names:
        thing = getattr(package, name)
        if callable(thing):
            assert inspect.getdoc(thing), name


def test_names_fixed_by_the_design_are_there() -> None:
    tensor = "data grad shape ndim dtype size T name requires_grad named backward retain_grad"
    tensor += " zero_grad detach numpy item astype register_hook"
    assert all(hasattr(autograd.Tensor, n) for n in tensor.split())
    top = "Tensor grad gradients graph no_grad enable_grad name_scope op OPS check_gradients"
    assert all(hasattr(autograd, n) for n in [*top.split(), "compare_backprop"])
    layer = "Module Linear Network Sequential binary_cross_entropy softmax_cross_entropy SGD Adam"
    assert all(
        hasattr(nn, n) for n in [*layer.split(), "fit", "minibatches", "split", "Normalizer"]
    )


def test_every_op_is_exported_under_its_name() -> None:
    assert set(autograd.OPS) <= set(autograd.__all__)


def test_the_tensor_does_not_pass_for_another_librarys() -> None:
    assert autograd.Tensor.__module__ == "autograd.tensor"
