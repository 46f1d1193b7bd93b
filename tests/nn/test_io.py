"""Files: what is saved comes back, and what is no such file is refused quickly."""

from __future__ import annotations

import copy
import json
import os
import struct
import sys
import time
import tracemalloc
from typing import Any

import numpy as np
import pytest

import nn
import nn.io
from autograd import ShapeError, Tensor
from tests.nn.helpers import small_net, toy

pytest.importorskip("safetensors", reason="the extra 'files' is not installed")


X, _ = toy(64)


# -- what is saved comes back ----------------------------------------------------------------------


NETS = {
    "plain": lambda: nn.Network([3, 4, 2, 1], rng=1),
    "float32": lambda: nn.Network([3, 4, 1], dtype=np.float32, rng=1),
    "each": lambda: nn.Network(
        [3, 4, 2, 3], hidden=["tanh", "prelu"], output="softmax", keep_prob=[0.5, 1.0], rng=1
    ),
}


@pytest.mark.parametrize("name", NETS)
def test_a_network_comes_back_without_being_described(tmp_path, name) -> None:
    net, X = NETS[name](), np.ones((3, 5))
    path = nn.save(net, tmp_path / "net.safetensors")
    again = nn.load(path)
    assert type(again) is nn.Network
    assert again.n == net.n
    assert [layer.g.label for layer in again.layers] == [layer.g.label for layer in net.layers]
    assert again.state_dict().keys() == net.state_dict().keys()
    assert again.layer1.W.dtype == net.layer1.W.dtype
    np.testing.assert_array_equal(again.predict_proba(X), net.predict_proba(X))
    kept = [m.keep_prob for m in net.children() if isinstance(m, nn.Dropout)]
    assert [m.keep_prob for m in again.children() if isinstance(m, nn.Dropout)] == kept


def test_other_modules_come_back_into_one_that_is_given(tmp_path) -> None:
    def make(seed):
        return nn.Sequential(nn.Linear(3, 2, rng=seed), nn.BatchNorm(2), nn.LeakyReLU(0.3))

    net, other = make(0), make(1)
    path = nn.save(net, tmp_path / "net.safetensors", metadata={"data": "clouds"})
    assert nn.load(path, other) is other
    for name, array in net.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[name], array)
    with pytest.raises(ShapeError, match=r"no description of a network; make one and write load\("):
        nn.load(path)


@pytest.mark.parametrize(
    "g",
    [nn.LeakyReLU(0.3), nn.ELU(1.7), nn.PReLU(0.1), "leaky_relu(0.2)", "elu(1e-2)", "prelu(0.4)"],
)
def test_an_activation_with_a_number_comes_back_with_it(tmp_path, g: Any) -> None:
    net = nn.Network([2, 3, 1], hidden=g, rng=0)
    X = np.random.default_rng(0).normal(size=(2, 9))
    again = nn.load(nn.save(net, tmp_path / "s.safetensors"))
    np.testing.assert_array_equal(again(X).data, net(X).data)
    if not isinstance(net.layers[0].g, nn.PReLU):
        A, caches = nn.by_hand.forward(net.as_dict(), X, hidden=g)
        np.testing.assert_allclose(A, net(X).data, rtol=1e-12)
        J = nn.cost(net, X, np.ones((1, 9)))
        J.backward()
        gradients = nn.by_hand.backward(A, np.ones((1, 9)), caches)
        np.testing.assert_allclose(gradients["dW1"], net["W1"].grad, rtol=1e-10)


def test_a_file_keeps_which_layer_is_dropped_how_much(tmp_path: Any) -> None:
    path = tmp_path / "net.safetensors"
    nn.save(nn.Network([2, 4, 3, 1], keep_prob=[0.9, 0.5], rng=0), path)
    again = nn.load(path)
    kept = {m.attribute: m.keep_prob for m in again.children() if isinstance(m, nn.Dropout)}
    assert kept == {"dropout1": 0.9, "dropout2": 0.5}


def test_frozen_weights_are_saved_and_loaded(tmp_path) -> None:
    def make(seed):
        net = nn.Network([2, 3, 1], rng=seed)
        net.layer1.W = Tensor(net.layer1.W.data, name="W1")
        return net

    net, other = make(0), make(1)
    assert "layer1.W" not in dict(net.named_parameters())
    nn.load(nn.save(net, tmp_path / "net.safetensors"), other)
    np.testing.assert_array_equal(other.predict_proba(X), net.predict_proba(X))


def test_texts_of_a_file_are_read(tmp_path) -> None:
    path = nn.save(nn.Network([2, 1]), tmp_path / "net.safetensors", metadata={"data": "moons"})
    assert nn.metadata_of(path)["data"] == "moons"
    with pytest.raises(FileNotFoundError, match=r"metadata_of: .*does not exist"):
        nn.metadata_of(tmp_path / "none.safetensors")


def test_files_are_of_the_format_of_the_library(tmp_path) -> None:
    from safetensors.numpy import load_file, save_file

    net = nn.Network([3, 4, 1], rng=0)
    path = nn.save(net, tmp_path / "net.safetensors", metadata={"accuracy": "0.97"})
    arrays = load_file(path)
    np.testing.assert_array_equal(arrays["layer1.W"], net.layer1.W.data)
    _, metadata = nn.io.read_arrays("test", path)
    assert metadata["accuracy"] == "0.97"
    assert metadata["format"] == "retrograd"
    theirs = tmp_path / "theirs.safetensors"
    save_file({k: v * 2 for k, v in net.state_dict().items()}, theirs)
    before = net.layer1.W.numpy()
    nn.load(theirs, net)
    np.testing.assert_array_equal(net.layer1.W.data, 2 * before)


# -- networks that differ from the file's ----------------------------------------------------------


def test_what_differs_is_said_and_nothing_changed(tmp_path) -> None:
    path = nn.save(nn.Network([3, 4, 1], rng=0), tmp_path / "net.safetensors")
    other = nn.Network([3, 5, 1], rng=1)
    before = other.state_dict()
    with pytest.raises(
        ShapeError, match=r"layer1\.W has shape \(4, 3\) in the file and \(5, 3\) in the network"
    ):
        nn.load(path, other)
    with pytest.raises(ShapeError, match=r"missing layer3\.W \(1, 4\)"):
        nn.load(path, nn.Network([3, 4, 4, 1], rng=0))
    with pytest.raises(ShapeError, match=r"unknown layer2\.W \(1, 4\)"):
        nn.load(path, nn.Network([3, 4], rng=0))
    for name, array in other.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_eight_differences_are_all_said_and_more_are_counted(tmp_path) -> None:
    path = tmp_path / "net.safetensors"
    for hidden, more in ((3, False), (4, True)):
        net = nn.Network([2, *[3] * hidden, 3], output="softmax", rng=0)
        nn.save(net, path)
        other = nn.Network([2, *[4] * hidden, 4], output="softmax", rng=0)
        with pytest.raises(ShapeError) as caught:
            nn.load(path, other)
        assert ("; and " in str(caught.value)) == more


def test_of_many_differences_eight_are_named_and_the_rest_counted(tmp_path) -> None:
    nn.save(nn.Network([3] * 8 + [1], rng=0), tmp_path / "deep.safetensors")
    with pytest.raises(ShapeError) as error:
        nn.load(tmp_path / "deep.safetensors", nn.Network([3, 1], rng=0))
    text = str(error.value)
    named = text.count("unknown ") + text.count("missing ") + text.count(" has shape ")
    assert named == 8
    parameters = 16  # of eight layers in the file; W1 and b1 are in the network too
    differing = parameters - 2 + 2  # and have other shapes there
    assert f"; and {differing - 8} more." in text


def test_long_lists_of_differences_say_how_many_more(tmp_path) -> None:
    path = tmp_path / "a.safetensors"
    units = [2, *[3] * 7, 1]
    nn.save(nn.Network(units), path)
    with pytest.raises(ValueError, match=r"; and 1 more\. Make the network as it was"):
        nn.load(path, nn.Network(units, hidden="tanh"))
    with pytest.raises(ValueError, match=r"in the file and 'Tanh' here\. Make the network"):
        nn.load(path, nn.Network(units, hidden=["tanh", *["relu"] * 6]))
    nn.save(nn.Network([2, 3, 3, 3, 3, 1]), path)  # ten arrays, of which nine have another shape
    with pytest.raises(ShapeError, match="; and 1 more"):
        nn.load(path, nn.Network([3, 4, 4, 4, 4, 1]))


def test_a_network_that_computes_otherwise_is_told_from_the_one_in_the_file(tmp_path) -> None:
    path = tmp_path / "a.safetensors"
    nn.save(nn.Network([3, 4, 1], rng=0), path)
    for other, said in (
        (nn.Network([3, 4, 1], hidden="tanh"), "layer1.g has type 'ReLU' in the file and 'Tanh'"),
        (nn.Network([3, 4, 1], output="identity"), "layer2.g has type 'Sigmoid' in the file"),
    ):
        before = other.state_dict()
        with pytest.raises(ValueError, match=said):
            nn.load(path, other)
        for name, array in other.state_dict().items():
            np.testing.assert_array_equal(array, before[name])
        nn.load(path, other, strict=False)
    again = nn.Network([3, 4, 1], keep_prob=0.5)  # dropout has no part in prediction
    nn.load(path, again)
    slopes = nn.Network([2, 2, 1], hidden=nn.LeakyReLU(0.2))
    nn.save(slopes, path)
    nn.load(path, nn.Network([2, 2, 1], hidden=nn.LeakyReLU(0.2)))
    with pytest.raises(ValueError, match=r"layer1\.g has slope 0\.2 in the file and 0\.01 here"):
        nn.load(path, nn.Network([2, 2, 1], hidden="leaky_relu"))
    nn.save(nn.BatchNorm(2, epsilon=1e-3), path)
    with pytest.raises(ValueError, match=r"the network has epsilon 0\.001 in the file"):
        nn.load(path, nn.BatchNorm(2))
    nn.load(path, nn.BatchNorm(2, epsilon=1e-3))


def test_an_activation_of_ones_own_is_not_taken_for_nns(tmp_path) -> None:
    class ReLU(nn.ReLU):
        def forward(self, Z):
            return super().forward(Z) * 2

    net = nn.Network([2, 3, 1], hidden=ReLU(), rng=0)
    path = tmp_path / "net.safetensors"
    nn.save(net, path)
    with pytest.raises((ValueError, TypeError)):
        nn.load(path)
    again = nn.Network([2, 3, 1], hidden=ReLU(), rng=1)
    nn.load(path, again)
    X = np.ones((2, 1))
    assert np.array_equal(again(X).data, net(X).data)


def wave(z):
    return np.sin(z)


def bend(z):
    return np.arctan(z)


def test_a_file_knows_the_function_of_an_activation_of_ones_own(tmp_path):
    nn.save(small_net(hidden=wave), tmp_path / "net.safetensors")
    with pytest.raises(ValueError, match=r"function 'wave' in the file and 'bend' here"):
        nn.load(tmp_path / "net.safetensors", small_net(hidden=bend))
    nn.load(tmp_path / "net.safetensors", small_net(hidden=wave))


def test_a_file_describes_a_network_only_where_it_can_be_made_again(tmp_path) -> None:
    class Doubled(nn.Linear):
        def forward(self, A):
            return super().forward(A) * 2

    odd = small_net()
    odd.layer1 = Doubled(2, 3, rng=0, index=1)
    shared = nn.Network([2, 3, 3, 1], hidden=nn.PReLU(), rng=0)
    tied = nn.Network([3, 3, 3], rng=0)
    tied.layer2.W = tied.layer1.W
    mixed = small_net()
    mixed.layer2 = nn.Linear(3, 1, rng=0, index=2, dtype=np.float32)
    for net in (odd, shared, tied, mixed):
        path = nn.save(net, tmp_path / "net.safetensors")
        with pytest.raises(ShapeError, match="no description of a network"):
            nn.load(path)
        same = copy.deepcopy(net)
        for p in same.parameters():
            p.data = p.data * 0
        nn.load(path, same)
        for name, array in net.state_dict().items():
            np.testing.assert_array_equal(same.state_dict()[name], array)


def test_what_modules_of_ones_own_keep_is_their_affair(tmp_path) -> None:
    class Counting(nn.Module):
        def __init__(self, calls: int = 0) -> None:
            self.inner = nn.Network([2, 3, 1], hidden=[lambda Z: Z * 2.0], rng=0)
            self.calls, self.last, self.scale = calls, None, float("nan")

    path = tmp_path / "a.safetensors"
    nn.save(Counting(5), path)
    nn.load(path, Counting())
    nn.save(nn.Network([2, 1]), path)
    with pytest.warns(nn.TrainingWarning, match=r"layer1\.W is float64 .* \(2 of 2 arrays\)"):
        nn.load(path, nn.Network([2, 1], dtype=np.float32))
    nn.save(nn.Network([2, 1], dtype=np.float32), path)
    nn.load(path, nn.Network([2, 1]))  # nothing is lost


# -- what is no file of a network ------------------------------------------------------------------


def test_a_checkpoint_is_no_file_of_a_network(tmp_path) -> None:
    net, path = nn.Network([2, 3, 1], rng=0), tmp_path / "run.safetensors"
    X = np.random.default_rng(0).normal(size=(2, 40))
    nn.fit(net, X, X[:1] > 0, epochs=1, checkpoint=path, rng=0)
    for given in ((path,), (path, net)):
        with pytest.raises(nn.FileFormatError, match=r"checkpoint of a training run; go on with"):
            nn.load(*given)


def test_a_file_without_one_of_its_arrays_is_named(tmp_path) -> None:
    path = nn.save(nn.Network([2, 3, 1], rng=0), tmp_path / "net.safetensors")
    arrays, metadata = nn.io.read_arrays("test", path)
    del arrays["layer1.b"]
    nn.io.write_arrays("test", path, arrays, metadata | {"format": "retrograd"})
    with pytest.raises(nn.FileFormatError, match=r"net\.safetensors' .*missing layer1\.b \(3, 1\)"):
        nn.load(path)


def header(description, data: bytes = b"") -> bytes:
    text = description if isinstance(description, bytes) else json.dumps(description).encode()
    return struct.pack("<Q", len(text)) + text + data


W = {"dtype": "F64", "shape": [1, 1], "data_offsets": [0, 8]}
HOSTILE = {
    "empty": b"",
    "short": b"\x01\x02",
    "text": b"PK\x03\x04 this is another format altogether",
    "pickle": b"\x80\x04\x95" + b"x" * 100,
    "header beyond the end": struct.pack("<Q", 2**62) + b"{}",
    "no json": header(b"{{{{"),
    "deep": header(b"[" * 100_000),
    "array": header([1, 2]),
    "beyond": header({"a": {**W, "data_offsets": [0, 8_000_000_000]}}, b"\0" * 8),
    "huge shape": header({"a": {**W, "shape": [2**40, 2**40]}}, b"\0" * 8),
    "overlap": header({"a": W, "b": W}, b"\0" * 8),
    "negative": header({"a": {**W, "shape": [-1, 1]}}, b"\0" * 8),
    "unknown dtype": header({"a": {**W, "dtype": "F65"}}, b"\0" * 8),
    "bfloat16": header({"a": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}}, b"\0" * 8),
    "bool": header({"a": {"dtype": "BOOL", "shape": [8], "data_offsets": [0, 8]}}, b"\0" * 8),
    "version": header(
        {"__metadata__": {"format": "retrograd", "version": "99"}, "a": W}, b"\0" * 8
    ),
    "description": header(
        {"__metadata__": {"network": '{"n": [1, 1], "system": "rm"}'}, "a": W}, b"\0" * 8
    ),
    "deep description": header({"__metadata__": {"network": "[" * 50_000}, "a": W}, b"\0" * 8),
    "description of another": header({"__metadata__": {"network": "7"}, "a": W}, b"\0" * 8),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_quickly_and_without_much_memory(tmp_path, name) -> None:
    path = tmp_path / "net.safetensors"
    path.write_bytes(HOSTILE[name])
    tracemalloc.start()
    begun = time.perf_counter()
    with pytest.raises(nn.FileFormatError, match=r"net\.safetensors"):
        nn.load(path)
    assert time.perf_counter() - begun < 2
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()
    net = nn.Network([1, 1], rng=0)
    before = net.state_dict()
    with pytest.raises((nn.FileFormatError, ShapeError)):
        nn.load(path, net)
    assert all(np.array_equal(v, before[k]) for k, v in net.state_dict().items())


def test_a_described_network_cannot_ask_for_more_than_the_file_has(tmp_path) -> None:
    path = tmp_path / "net.safetensors"
    described = {"n": [100_000, 100_000], "hidden": [], "output": "sigmoid", "dtype": "float64"}
    content = {"__metadata__": {"network": json.dumps(described)}, "a": W}
    path.write_bytes(header(content, b"\0" * 8))
    tracemalloc.start()
    with pytest.raises((nn.FileFormatError, ShapeError)):
        nn.load(path)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_files_that_were_cut_off_are_refused(tmp_path, kept) -> None:
    net = nn.Network([3, 4, 1], rng=0)
    path = nn.save(net, tmp_path / "net.safetensors")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(nn.FileFormatError, match=r"cut off|no whole safetensors file"):
        nn.load(path, net)


def test_a_header_that_is_longer_than_the_file_is_cut_off(tmp_path: Any) -> None:
    path = nn.save(nn.Network([2, 1]), tmp_path / "net.safetensors")
    content = path.read_bytes()
    for more in (1, 8):
        path.write_bytes(struct.pack("<Q", len(content) - 8 + more) + content[8:])
        with pytest.raises(nn.FileFormatError, match="is cut off: its header should have"):
            nn.load(path)


def test_what_is_no_file_is_refused(tmp_path) -> None:
    net = nn.Network([1, 1], rng=0)
    with pytest.raises(FileNotFoundError, match="does not exist"):
        nn.load(tmp_path / "none.safetensors")
    (tmp_path / "folder.safetensors").mkdir()
    with pytest.raises(nn.FileFormatError, match="no regular file"):
        nn.load(tmp_path / "folder.safetensors")
    with pytest.raises(ValueError, match=r"needs the ending \.safetensors"):
        nn.save(net, tmp_path / "net.pkl")
    with pytest.raises(TypeError, match=r"the path comes first, as in load\(path, net\)"):
        nn.load(net, "a.safetensors")
    with pytest.raises(TypeError, match=r"as in save\(net, path\)"):
        nn.save("a.safetensors", net)
    with pytest.raises(ValueError, match="metadata needs texts"):
        nn.save(net, tmp_path / "a.safetensors", metadata={"n": 3})
    with pytest.raises(ValueError, match="metadata needs texts"):
        nn.save(net, tmp_path / "a.safetensors", metadata={"network": "x"})
    assert list(tmp_path.glob("*a.*")) == []


# -- writing ---------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="links and modes are POSIX's")
def test_links_and_modes_stay(tmp_path) -> None:
    real, link = tmp_path / "real.safetensors", tmp_path / "link.safetensors"
    net = nn.Network([1, 1], rng=0)
    nn.save(net, real)
    real.chmod(0o640)
    link.symlink_to(real)
    net.layer1.W.data = [[7.0]]
    nn.save(net, link)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert nn.load(real)["W1"].item() == 7.0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.safetensors", "real.safetensors"]


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch) -> None:
    net = nn.Network([1, 1], rng=0)
    path = nn.save(net, tmp_path / "net.safetensors")
    before = path.read_bytes()
    real = os.fdopen

    def full(handle, *args, **kwargs):
        file = real(handle, *args, **kwargs)

        class Full:
            def __enter__(self):
                return self

            def __exit__(self, *exc):
                file.close()

            def write(self, content):
                file.write(content[:10])
                raise OSError(28, "No space left on device")

        return Full()

    monkeypatch.setattr("autograd.files.os.fdopen", full)
    with pytest.raises(OSError, match=r"save: cannot write .*: No space left on device"):
        nn.save(net, path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["net.safetensors"]
    X, Y = np.array([[1.0, -1.0]]), np.array([[1.0, 0.0]])
    with pytest.raises(OSError, match="fit: cannot write"):
        nn.fit(net, X, Y, learning_rate=0.1, epochs=2, checkpoint=tmp_path / "run.safetensors")


def test_without_the_library_its_absence_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    with pytest.raises(ImportError, match="save: needs safetensors; install it with pip"):
        nn.save(nn.Network([1, 1], rng=0), tmp_path / "a.safetensors")


def test_files_that_lack_the_batches_of_an_average_are_read(tmp_path) -> None:
    net = nn.Sequential(nn.Linear(2, 3, rng=0), nn.BatchNorm(3))
    path = nn.save(net, tmp_path / "net.safetensors")
    arrays, metadata = nn.io.read_arrays("test", path)
    del arrays["step2.batches"]
    nn.io.write_arrays("test", path, arrays, metadata | {"format": "retrograd"})
    assert nn.load(path, nn.Sequential(nn.Linear(2, 3, rng=1), nn.BatchNorm(3))) is not None
    old = nn.BatchNorm(3)
    del vars(old)["batches"]
    assert old.batches.item() == 0


@pytest.mark.parametrize("name", ["batches", "running_var"])
def test_a_negative_variance_or_count_of_a_file_is_refused(name: str) -> None:
    net = nn.Sequential(nn.Linear(2, 3, rng=0), nn.BatchNorm(3))
    state = net.state_dict()
    (path,) = [k for k in state if k.endswith(name)]
    for bad in (-5.0, np.nan):
        state[path] = np.full_like(state[path], bad)
        with pytest.raises(ValueError, match=f"{path} needs numbers of at least 0, got"):
            net.load_state_dict(state)
    assert (net.state_dict()[path] >= 0).all()
