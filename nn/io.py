"""Parameters and training runs in files of the safetensors format: arrays and text, never code."""

from __future__ import annotations

import json
import struct
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from autograd import ShapeError
from autograd.files import write_whole
from nn._described import architecture
from nn._words import outside
from nn.activations import ACTIVATIONS, Activation, activation
from nn.diagnosis import TrainingWarning
from nn.linear import Linear, Network
from nn.module import Module, is_newer
from nn.regularizers import Dropout

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import numpy.typing as npt

__all__ = ["FileFormatError", "load", "metadata_of", "read_arrays", "save", "write_arrays"]

VERSION = "1"  # of what the metadata mean
_DTYPES = {f"{kind}{bits}" for kind in "FIU" for bits in (8, 16, 32, 64)} - {"F8"}
MOST_HEADER = 16 * 2**20  # bytes; a thousand arrays need some hundred thousand


class FileFormatError(ValueError):
    """A file is not what it should be: not safetensors, cut off, or made by something else."""


def save(
    net: Module, path: str | os.PathLike[str], *, metadata: Mapping[str, str] | None = None
) -> Path:
    """Write the parameters of a network to a file, whole or not at all.

    Parameters
    ----------
    net : Module
        Its `state_dict` is written; for a `Network`, its layers and activations too.
    path : path_like
        A name that ends with ``.safetensors``. An existing file keeps its mode, a symbolic link
        stays one.
    metadata : mapping of str, optional
        Text of your own, such as {"data": "breast cancer", "accuracy": "0.97"}.

    Returns
    -------
    Path

    Raises
    ------
    ImportError
        If the library safetensors (extra `files`) is not installed.
    OSError
        If the file cannot be written; what was there before is then still there.
    """
    if not isinstance(net, Module):
        raise TypeError(f"save: needs a module and a path, as in save(net, path), got {net!r}.")
    own = {
        "kind": "parameters",
        "module": type(net).__name__,
        "network": _described(net),
        "architecture": json.dumps(architecture(net), default=str),
    }
    given = dict(metadata or {})
    wrong = [k for k, v in given.items() if not (isinstance(k, str) and isinstance(v, str))]
    if wrong or set(given) & {*own, "format", "version"}:
        raise ValueError(
            "save: metadata needs texts under names of your own (not kind, module, network, "
            f"architecture, format or version), got {given!r}."
        )
    return write_arrays("save", path, net.state_dict(), {**own, **given})


def load(path: str | os.PathLike[str], net: Module | None = None, *, strict: bool = True) -> Any:
    """Read parameters from a file.

    Parameters
    ----------
    path : path_like
        A file of `save`, or any of the safetensors format with the network's names.
    net : Module, optional
        Whose parameters are set; without it a `Network` is made as the file describes it.
    strict : bool
        Refuse a network that computes otherwise than the one that was saved: with other
        activations or settings of nn's modules. False takes the numbers all the same.

    Returns
    -------
    Module
        `net`, or the new network.

    Raises
    ------
    FileFormatError
        If the file is cut off, hostile, of another version or not of this format.
    ShapeError
        If names or shapes are not those of `net`; it lists what differs. Nothing is changed then.
    ValueError
        If `net` computes otherwise; it lists what differs. Nothing is changed then.

    Warns
    -----
    TrainingWarning
        If the network is of a narrower dtype than the file, so that numbers are rounded.
    """
    if isinstance(path, Module):
        raise TypeError("load: the path comes first, as in load(path, net).")
    _refuse_checkpoint(path)
    if net is not None:
        expected = {name: array.shape for name, array in net.state_dict().items()}
        arrays, metadata = read_arrays("load", path, expected)
        if strict:
            _compare_networks(repr(str(path)), net, metadata)
        own = net.state_dict()
        rounded = [k for k, a in arrays.items() if a.dtype.itemsize > own[k].dtype.itemsize]
        net.load_state_dict(arrays)
        if rounded:
            k = rounded[0]
            warnings.warn(
                f"load: {k} is {arrays[k].dtype} in {str(path)!r} and {own[k].dtype} in the "
                f"network, so its numbers are rounded ({len(rounded)} of {len(own)} arrays).",
                TrainingWarning,
                stacklevel=outside(),
            )
        return net
    shapes, metadata = read_shapes("load", path)
    try:
        description = json.loads(metadata.get("network") or "null")
        if description is not None:
            n = description["n"]
            for i in range(1, len(n)):  # before an array of a claimed size is made
                if shapes[f"layer{i}.W"] != (n[i], n[i - 1]):
                    raise ValueError(f"layer{i}.W has not the shape that is described")
        made = None if description is None else Network(**description, init="zeros")
    except (TypeError, ValueError, KeyError, RecursionError) as error:
        raise FileFormatError(f"load: {str(path)!r} describes no network: {error}.") from None
    if made is None:
        raise ShapeError(
            f"load: {str(path)!r} holds {len(shapes)} arrays and no description of a network; make "
            "one and write load(path, net)."
        )
    try:
        expected = {name: array.shape for name, array in made.state_dict().items()}
        made.load_state_dict(read_arrays("load", path, expected)[0])
    except (ShapeError, ValueError) as error:
        raise FileFormatError(f"load: {str(path)!r} is not what it describes: {error}") from None
    return made


def _refuse_checkpoint(path: str | os.PathLike[str]) -> None:
    if read_metadata("load", path).get("kind") == "checkpoint":
        raise FileFormatError(
            f"load: {str(path)!r} is the checkpoint of a training run; go on with "
            "fit(net, …, checkpoint=path), and save the network with nn.save."
        )


def metadata_of(path: str | os.PathLike[str]) -> dict[str, str]:
    """Return the texts of a file: those that `save` was given, and what it says of the network.

    Examples
    --------
    >>> import nn, tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp(), "net.safetensors")
    >>> saved = nn.save(nn.Network([2, 1]), path, metadata={"data": "moons"})
    >>> nn.metadata_of(path)["data"]
    'moons'
    """
    return read_metadata("metadata_of", path)


def write_arrays(
    where: str,
    path: str | os.PathLike[str],
    arrays: Mapping[str, npt.NDArray[Any]],
    metadata: Mapping[str, str],
) -> Path:
    """Write named arrays and texts to a safetensors file, whole or not at all; return the path."""
    target = Path(path).expanduser()
    check_target(where, target)
    about = {"format": "retrograd", "version": VERSION, **metadata}
    content = _safetensors(where).numpy.save(
        {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()},
        metadata=about,
    )
    write_whole(where, target, content)
    return target


def check_target(where: str, target: Path) -> None:
    """Refuse a name that cannot be written, before there is anything to write."""
    if target.suffix != ".safetensors":
        raise ValueError(f"{where}: {target.name!r} needs the ending .safetensors.")
    if not target.parent.is_dir():
        raise FileNotFoundError(
            f"{where}: cannot write {str(target)!r}: the folder {str(target.parent)!r} does not "
            "exist; create it first."
        )
    _safetensors(where)


def read_metadata(where: str, path: str | os.PathLike[str]) -> dict[str, str]:
    """Return the texts of a safetensors file, and read none of its arrays."""
    return _read(where, path, None, takes=False, checks=False)[2]


def read_shapes(
    where: str, path: str | os.PathLike[str]
) -> tuple[dict[str, tuple[int, ...]], dict[str, str]]:
    """Return the shapes of the arrays of a safetensors file and its texts, and read no array."""
    shapes, _, metadata = _read(where, path, None, takes=False)
    return shapes, metadata


def read_arrays(
    where: str,
    path: str | os.PathLike[str],
    expected: Mapping[str, tuple[int, ...]] | None = None,
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, str]]:
    """Return the arrays and the texts of a safetensors file.

    Names and shapes are compared with what is expected before any data are read, and the sizes that
    the file claims with its length, so that a small file cannot ask for much memory.

    Raises
    ------
    FileFormatError, ShapeError, OSError
    """
    _, arrays, metadata = _read(where, path, expected, takes=True)
    return arrays, metadata


def _read(
    where: str,
    path: str | os.PathLike[str],
    expected: Mapping[str, tuple[int, ...]] | None,
    *,
    takes: bool,
    checks: bool = True,
) -> tuple[dict[str, tuple[int, ...]], dict[str, npt.NDArray[Any]], dict[str, str]]:
    """Return shapes, arrays (where they are taken) and texts of a file."""
    library = _safetensors(where)
    target = Path(path).expanduser()
    name = repr(str(target))
    if not target.exists():
        raise FileNotFoundError(f"{where}: {name} does not exist.")
    if not target.is_file():
        raise FileFormatError(f"{where}: {name} is no regular file.")
    _check_header(where, target)
    try:
        with library.safe_open(target, framework="numpy") as file:
            metadata = dict(file.metadata() or {})
            version = metadata.get("version", VERSION)
            if metadata.get("format") == "retrograd" and version != VERSION:
                raise FileFormatError(
                    f"{where}: {name} is of version {version[:20]!r}, and this is version "
                    f"{VERSION}; read it with the retrograd that wrote it."
                )
            slices = {key: file.get_slice(key) for key in file.keys()}  # noqa: SIM118 - no dict
            shapes = {key: tuple(part.get_shape()) for key, part in slices.items()}
            odd = [
                f"{k} in {name} is {s.get_dtype()}"
                for k, s in slices.items()
                if s.get_dtype() not in _DTYPES
            ]
            if odd and checks:
                raise FileFormatError(f"{where}: {odd[0]}; {', '.join(sorted(_DTYPES))} are read.")
            if expected is not None:
                known = {k: v for k, v in expected.items() if k in shapes or not is_newer(k)}
                _compare(where, name, known, shapes)
            arrays = {key: np.array(file.get_tensor(key)) for key in shapes if takes}
    except library.SafetensorError as error:
        raise FileFormatError(f"{where}: {name} is no whole safetensors file: {error}.") from None
    return shapes, arrays, metadata


def _check_header(where: str, target: Path) -> None:
    """Refuse a file whose header claims more than it can have."""
    size = target.stat().st_size
    with target.open("rb") as file:
        start = file.read(8)
    if len(start) < 8:
        raise FileFormatError(f"{where}: {str(target)!r} is cut off: it has {size} bytes.")
    (length,) = struct.unpack("<Q", start)
    if length > size - 8:
        raise FileFormatError(
            f"{where}: {str(target)!r} is no safetensors file, or is cut off: its header should "
            f"have {length} bytes, and the file has {size}."
        )
    if length > MOST_HEADER:
        raise FileFormatError(
            f"{where}: {str(target)!r} has a header of {length} bytes; {MOST_HEADER} are read."
        )


def _compare(
    where: str,
    name: str,
    expected: dict[str, tuple[int, ...]],
    shapes: dict[str, tuple[int, ...]],
) -> None:
    """Say all that differs between the arrays of a file and those of a network."""
    said = [f"missing {key} {shape}" for key, shape in expected.items() if key not in shapes]
    said += [f"unknown {key} {shape}" for key, shape in shapes.items() if key not in expected]
    said += [
        f"{key} has shape {shapes[key]} in the file and {shape} in the network"
        for key, shape in expected.items()
        if key in shapes and shapes[key] != shape
    ]
    if said:
        more = f"; and {len(said) - 8} more" if len(said) > 8 else ""
        raise ShapeError(
            f"{where}: {name[:200]} does not fit the network: {'; '.join(said[:8])}{more}."
        )


def _compare_networks(name: str, net: Module, metadata: Mapping[str, str]) -> None:
    """Say where a network computes otherwise than the one whose parameters were saved."""
    try:
        was = json.loads(metadata.get("architecture") or "null")
    except (ValueError, RecursionError):
        was = None
    now = json.loads(json.dumps(architecture(net), default=str))
    said = []
    if isinstance(was, dict):
        for path, part in now.items():
            other = was.get(path)
            if not isinstance(other, dict):
                continue  # such as dropout, which has no part in prediction
            said += [
                f"{path} has {key} {other.get(key)!r} in the file and {part.get(key)!r} here"
                for key in sorted({*part, *other})
                if repr(part.get(key)) != repr(other.get(key))
            ]
    if said:
        more = f"; and {len(said) - 6} more" if len(said) > 6 else ""
        raise ValueError(
            f"load: {name[:200]} is of a network that computes otherwise: {'; '.join(said[:6])}"
            f"{more}. Make the network as it was, or take the numbers all the same with "
            "strict=False."
        )


def _described(net: Module) -> str:
    """Return what makes the same `Network`, as JSON; "" for what has no short description."""
    if type(net) is not Network:
        return ""
    names = []
    steps = [*net.children()]
    usual = [m for m in steps if type(m) in (Linear, Dropout)]
    dtypes = {p.dtype for p in net.parameters()}
    if steps != usual or len(net.layers) != net.L or len(dtypes) != 1:
        return ""
    expected = {f"layer{i}.{name}" for i in range(1, net.L + 1) for name in ("W", "b")}
    for i, layer in enumerate(net.layers, start=1):
        g = layer.g
        expected |= {f"layer{i}.g.{path}" for path, _ in g.named_parameters()}
        plain = isinstance(g, Activation) and type(g) in ACTIVATIONS.values()
        if not plain or vars(g).keys() - {"attribute", "training"} - _settings(g):
            return ""
        names.append(cast("Activation", g).written)
    if set(net.state_dict()) != expected or len(set(map(id, net.layers))) != net.L:
        return ""  # tied parameters, or others beside them
    kept = [1.0] * (net.L - 1)
    for module in net.children():
        if isinstance(module, Dropout):
            kept[int(module.attribute.removeprefix("dropout")) - 1] = module.keep_prob
    dtype = str(net.layers[0].W.dtype)
    made = {"n": net.n, "hidden": names[:-1], "output": names[-1], "keep_prob": kept}
    return json.dumps({**made, "dtype": dtype})


def _settings(g: Module) -> set[str]:
    """Return the attributes that a new activation of this name has, with the same values."""
    new = activation(cast("Activation", g).written)
    return {
        k
        for k, v in vars(new).items()
        if k in vars(g) and (k in dict(new.named_parameters()) or vars(g)[k] == v)
    }


def _safetensors(where: str) -> Any:
    try:
        import safetensors.numpy
    except ImportError as error:
        raise ImportError(
            f"{where}: needs safetensors; install it with pip install safetensors."
        ) from error
    return safetensors
