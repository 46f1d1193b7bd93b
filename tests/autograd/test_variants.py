"""The parameters of NumPy's functions, in all their forms: the same values, the same refusals.

Each line is a call that NumPy can do as well. Its result on tensors has NumPy's values and the
gradient that differences give; where NumPy refuses, so do we.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, check_gradients

rng = np.random.default_rng(3)
ARRAYS: dict[str, Any] = {
    "x": np.array([0.3, -1.2, 2.4, 0.9, 1.7]),
    "y": np.array([1.1, 0.4, -0.7, 2.2, -1.6]),
    "m": rng.normal(size=(3, 4)),
    "k": rng.normal(size=(2, 4)),
    "s": rng.normal(size=(3, 3)) + 3 * np.eye(3),
    "b": rng.normal(size=(2, 3, 4)),
    "c": np.float64(0.7),
    "v": np.array([0.8, -0.5, 1.9]),
    "w": np.array([0.5, 1.5, 0.8, 1.2, 2.0]),
    "t": rng.normal(size=(2, 2, 2, 2)) + 2 * np.eye(4).reshape(2, 2, 2, 2),
    "q": rng.normal(size=(1, 2, 3, 3)) + 4 * np.eye(3),
    "h": rng.normal(size=(1, 2, 4, 3)),
    "nan": np.array([[1.0, np.nan, 3.0, 0.5], [2.0, 5.0, np.nan, 1.5]]),
}
CONSTANTS = {"np": np, "nan": ARRAYS["nan"], "inf": np.inf}

CALLS = """
np.linalg.inv(q)
np.linalg.det(q)
np.linalg.slogdet(q)[1]
np.linalg.cholesky(q @ np.swapaxes(q, -1, -2))
np.linalg.eigh(q + np.swapaxes(q, -1, -2))[0]
np.linalg.eigvalsh(q + np.swapaxes(q, -1, -2))
np.linalg.svdvals(h)
np.linalg.svdvals(np.swapaxes(h, -1, -2))
np.abs(np.linalg.svd(h, full_matrices=False)[0])
np.abs(np.linalg.svd(h, full_matrices=False)[2])
np.abs(np.linalg.qr(h)[1])
np.abs(np.linalg.qr(q)[0])
np.abs(np.linalg.qr(np.swapaxes(h, -1, -2))[1])
np.linalg.pinv(h)
np.linalg.solve(q, np.swapaxes(h, -1, -2))
np.linalg.matrix_power(q, 3)
np.linalg.matrix_power(q, 1) * 2
np.linalg.matrix_power(q, 0) + q
np.linalg.matrix_power(q, -2)
np.linalg.norm(h, 2, axis=(2, 3))
np.linalg.norm(h, "nuc", axis=(-1, -2))
np.linalg.matrix_norm(h, ord=-2)
np.linalg.cond(q)
np.linalg.cond(q, -2)
np.linalg.cond(q, 1)
np.vecdot(s, s * s, axis=0)
np.vecdot(s, v, axis=-1)
np.vecdot(b, m, axis=-1)
np.vecdot(b, m, axis=-2)
np.einsum("ij,ij->ij", m[:1] * 1, k[:1])
np.einsum("ij,ij->j", m, k[:1])
np.einsum("ij,ij->ij", k[:1], m)
np.einsum("ij,ij", m, m[:, :1])
np.einsum("ij,j,ii->i", s, v, s)
np.einsum("ii,ij->j", s, s)
np.einsum("i...,...i->...", s, q)
np.insert(m, [0, 3], m[:, :2], axis=1)
np.insert(m, [1, 2], 5.0, axis=-1)
np.insert(b, [0, 2], b[:, :2] * 2, axis=1)
np.insert(b, [2, 2], c, axis=-2)
np.rollaxis(b, -3, 2)
np.rollaxis(b, -1)
np.block([[[b, b]], [[b, b * 2]]])
np.block([[[v]], [[x[:3]]]])
np.pad(c, 0)
np.quantile(x, [0.0, 0.25, 0.5, 1.0], method="higher")
np.quantile(x, [0.0, 0.25, 0.5, 1.0], method="midpoint")
np.quantile(x, [0.0, 0.25, 0.5, 1.0], method="nearest")
np.cov(x, bias=True)
np.cov(x, y, ddof=3)
np.var(x, ddof=4)
np.take_along_axis(b, np.argsort(b, axis=-2)[:, :2], axis=-2)
np.take_along_axis(m, np.array([[0, 3]]), axis=1)
np.convolve(v, x[:3])
np.convolve(v, x[:3], "same")
np.convolve(v, x[:3], "valid")
np.interp(x, [-2.0, 0.0, 1.0, 3.0], [1.0, 3.0, 2.0, 5.0])
np.interp(x, [-1.0, 0.5, 2.0], v)
np.interp(x, [-1.0, 0.5, 2.0], v, left=9.0, right=8.0)
np.interp(x, [-1.0, 0.5, 2.0], v, left=9.0)
np.interp(x, [-1.0, 0.5, 2.0], v, right=8.0)
np.interp(x, [0.5, 1.0, 2.75], v, period=3.0)
np.interp(x, [2.75, 0.5, 1.0], v, period=-3.0)
np.interp(x, [5.75, 0.5, -2.0], v, period=3.0)
np.interp(x, [0.5, 1.0], [2.0, 3.0], period=2.0)
np.interp([2.0, -1.0, 0.5, 1.25], [-1.0, 0.5, 2.0], v)
np.interp(c, [0.0, 0.5, 1.0], v)
np.quantile(x, 0.3)
np.quantile(m, [0.1, 0.5], axis=0)
np.quantile(m, 0.3, axis=1, keepdims=True)
np.quantile(b, [0.2, 0.9], axis=(0, 2))
np.quantile(x, [0.25, 0.6], method="higher")
np.quantile(x, [0.25, 0.6], method="lower")
np.quantile(x, [0.25, 0.6, 0.5], method="midpoint")
np.quantile(x, [0.3, 0.6, 0.7], method="nearest")
np.quantile(x, [0.0, 1.0])
np.percentile(m, [10, 60], axis=-1, method="midpoint")
np.median(m, axis=1)
np.choose([0, 2, 1], [v, 2 * v, v * v])
np.choose([0, 5, -1], [v, 2 * v, v * v], mode="clip")
np.choose([0, 5, -1], [v, 2 * v, v * v], mode="wrap")
np.select([[True, False, False], [True, True, False]], [v, v * v], 7.0)
np.compress([False, True, True], m, axis=0)
np.compress([True, False, True], m)
np.extract([True, False, True], v)
np.partition(x, 2)
np.partition(m, 1, axis=None)
np.partition(m, 1, axis=0)
np.partition(m, 1)
np.resize(v, (2, 4))
np.resize(c, 3)
np.resize(m, 5)
np.bincount([0, 2, 1, 2, 0], x)
np.bincount([0, 2, 1, 2, 0], x, 6)
np.average(x, weights=w)
np.average(x)
np.average(m, axis=1, weights=[1.0, 2.0, 3.0, 4.0])
np.average(m, axis=0, weights=[1.0, 2.0, 3.0], keepdims=True)
np.average(m, axis=1, weights=[1.0, 2.0, 3.0, 4.0], returned=True)
np.average(m, axis=0, returned=True)
np.average(x, weights=w, returned=True)
np.average(b, axis=(0, 1), weights=np.arange(1.0, 7.0).reshape(2, 3))
np.trapezoid(x)
np.trapezoid(x, dx=0.3)
np.trapezoid(x, w)
np.trapezoid(m, [0.0, 1.0, 3.0, 3.5])
np.trapezoid(m, [0.0, 1.0, 3.0], axis=0)
np.gradient(x)
np.gradient(x, 0.5)
np.gradient(x, [0.0, 1.0, 1.5, 3.0, 4.5])
np.gradient(x, edge_order=2)
np.gradient(x[:3], 0.3, edge_order=2)
np.gradient(x[:2])
np.gradient(m)
np.gradient(m, 0.5, 2.0)
np.gradient(m, axis=0)
np.gradient(m, axis=-2)
np.gradient(m, 0.5, axis=1, edge_order=2)
np.gradient(m, axis=(1, 0))
np.ediff1d(x)
np.ediff1d(m, to_begin=9.0)
np.ediff1d(x, to_end=[1.0, 2.0])
np.ediff1d(x, to_end=c, to_begin=v)
np.cov(m)
np.cov(m, rowvar=False)
np.cov(m, bias=True)
np.cov(m, ddof=0)
np.cov(m, k)
np.cov(m.T, k.T, rowvar=False)
np.cov(x, y)
np.cov(x, y, rowvar=False)
np.cov(m, aweights=[1.0, 2.0, 0.5, 1.5])
np.cov(m, aweights=w[:4], fweights=[1, 2, 3, 1])
np.cov(m, aweights=w[:4], ddof=0)
np.cov(m, fweights=[1, 2, 3, 1])
np.cov(x)
np.corrcoef(m)
np.corrcoef(x, y)
np.corrcoef(m, rowvar=False)
np.corrcoef(x)
np.cumulative_sum(x)
np.cumulative_sum(x, include_initial=True)
np.cumulative_sum(m, axis=1, include_initial=True)
np.cumulative_prod(m, axis=0, include_initial=True)
np.cumulative_prod(x)
np.split(x, [2, 3])[1]
np.split(m, 2, axis=1)[1]
np.array_split(x, 3)[0]
np.array_split(x, 3)[2]
np.array_split(x, [1, -1])[1]
np.hsplit(m, 2)[1]
np.hsplit(x, [2])[0]
np.vsplit(m, 3)[2]
np.dsplit(b, 2)[1]
np.dsplit(b, [1, 3])[1]
np.unstack(m)[1]
np.unstack(m, axis=1)[3]
np.atleast_1d(c)
np.atleast_2d(c)
np.atleast_2d(v)
np.atleast_3d(c)
np.atleast_3d(v)
np.atleast_3d(m)
np.atleast_3d(b)
np.atleast_2d(v, c)[1]
np.vstack([v, 2 * v])
np.hstack([v, x])
np.hstack([m, m * 2])
np.dstack([v, v])
np.dstack([m, m])
np.column_stack([v, m])
np.column_stack([v, v * v])
np.append(m, 1.0)
np.append(m, m, axis=0)
np.delete(x, 1)
np.delete(x, [0, -1])
np.delete(x, slice(1, 4, 2))
np.delete(m, 2, axis=1)
np.delete(m, [True, False, True], axis=0)
np.delete(m, 3)
np.insert(x, 1, c)
np.insert(x, 0, c)
np.insert(x, 5, c)
np.insert(x, -1, c)
np.insert(x, -5, c)
np.insert(x, [1, 3], v[:2])
np.insert(x, [0, 0, 5], v)
np.insert(x, slice(1, 4), v)
np.insert(m, 1, v, axis=1)
np.insert(m, 1, 5.0, axis=0)
np.insert(m, -1, k[0], axis=0)
np.insert(m, 2, c)
np.broadcast_arrays(v, c)[1]
np.meshgrid(v, x)[0]
np.meshgrid(v, x)[1]
np.meshgrid(v, x, indexing="ij")[0]
np.meshgrid(v, x, sparse=True)[1]
np.meshgrid(v)[0]
np.meshgrid(v, x, w)[2]
np.flipud(m)
np.fliplr(m)
np.rollaxis(b, 2)
np.rollaxis(b, 0, 3)
np.rollaxis(b, 0, 2)
np.rollaxis(b, 2, 1)
np.rollaxis(b, 1, -1)
np.rollaxis(b, 1, 1)
np.rollaxis(b, -1, -3)
np.diagflat(v, 1)
np.diagflat(v, -2)
np.diagflat(m)
np.vander(v)
np.vander(v, 2)
np.vander(v, 4, increasing=True)
np.vander(v, 1)
np.vander(v, 0)
np.block([[m, m[:, :1]], [k, k[:, :1]]])
np.block([v, x])
np.block([[v], [2 * v]])
np.block(c)
np.block([[[c]], [[v[0]]]])
np.full_like(v, c)
np.linalg.matrix_power(s, 3)
np.linalg.matrix_power(s, -2)
np.linalg.matrix_power(s, 0)
np.linalg.matrix_power(s, 1)
np.linalg.matrix_power(s, 5)
np.linalg.matrix_power(s, 2)
np.linalg.tensorinv(t)
np.linalg.tensorinv(m.reshape(12)[:9].reshape(3, 3) + s, ind=1)
np.linalg.tensorsolve(t, m[:2, :2])
np.linalg.tensorsolve(t, m[:2, :2], axes=(0, 1))
np.linalg.cond(s)
np.linalg.cond(s, 1)
np.linalg.cond(s, -2)
np.linalg.norm(m)
np.linalg.norm(m, "nuc")
np.linalg.norm(m, 2)
np.linalg.norm(m, -2)
np.linalg.norm(m, 1)
np.linalg.norm(m, -1)
np.linalg.norm(m, inf)
np.linalg.norm(m, -inf)
np.linalg.norm(b, axis=(0, 2))
np.linalg.norm(b, "fro", axis=(1, 0), keepdims=True)
np.linalg.norm(b, 1, axis=(2, 0))
np.linalg.norm(b, 2, axis=(2, 0), keepdims=True)
np.linalg.norm(b)
np.linalg.norm(m, axis=1)
np.linalg.norm(m, 3, axis=0)
np.linalg.norm(x, 1)
np.linalg.norm(x, inf)
np.linalg.norm(x, -inf)
np.linalg.norm(x, 0.5)
np.linalg.norm(x, -1)
np.linalg.matrix_norm(b, ord="nuc")
np.linalg.matrix_norm(b, ord=-1, keepdims=True)
np.linalg.vector_norm(b, axis=(0, 1))
np.linalg.vector_norm(b, keepdims=True)
np.linalg.multi_dot([m.T, s, m])
np.linalg.multi_dot([v, s, m])
np.linalg.multi_dot([v, s, v])
np.linalg.multi_dot([s, m, k.T, k])
np.linalg.cross(v, 2 * v[::-1])
np.linalg.outer(v, x)
np.linalg.trace(s, offset=1)
np.linalg.diagonal(b, offset=-1)
np.linalg.vecdot(m, m[::-1])
np.linalg.vecdot(m, m[::-1], axis=0)
np.linalg.tensordot(b, m, axes=([2, 1], [1, 0]))
np.linalg.pinv(m)
np.linalg.lstsq(m.T, x[:4])[0]
np.linalg.lstsq(m.T, k.T)[1]
np.linalg.lstsq(m, v)[0]
np.linalg.svdvals(m)
np.linalg.eigvalsh(s + s.T)
np.linalg.qr(m.T)[1]
np.linalg.qr(m.T, mode="r")
np.linalg.slogdet(s)[1]
np.tensordot(m, k, axes=([1], [1]))
np.tensordot(m, k.T, axes=1)
np.tensordot(m, m)
np.tensordot(v, x, axes=0)
np.tensordot(b, m.T, axes=([1, 2], [1, 0]))
np.einsum("ij,kj->ik", m, k)
np.einsum("ij,kj", m, k)
np.einsum("ii->i", s)
np.einsum("ii", s)
np.einsum("...j,j->...", b, x[:4])
np.einsum("ij->ji", m)
np.einsum("i,i", x, y)
np.einsum("i,j,k->kji", v, x, y)
np.einsum("ijk->k", b)
np.einsum(m, [0, 1], k, [2, 1], [0, 2])
np.einsum(m, [0, 1], k, [2, 1])
np.einsum("ij,jk,kl->il", s, m, m.T, optimize=True)
np.inner(m, k)
np.inner(v, c)
np.outer(m, v)
np.vdot(m, 2 * m)
np.dot(c, m)
np.dot(b, m.T)
np.kron(v, x)
np.kron(m, k)
np.kron(b, v)
np.kron(c, m)
np.cross(m[:, :3], v)
np.cross(s, s[::-1], axis=0)
np.trace(b, 1, 1, 2)
np.diagonal(b, 0, 2, 0)
np.diagonal(k, 1)
np.diagonal(k, 3)
np.linalg.matrix_norm(b, ord=inf)
np.linalg.matrix_norm(b, ord=-inf)
np.diff(x, 2)
np.diff(m, axis=0)
np.diff(x, prepend=c)
np.diff(m, append=m[:, :1])
np.diff(m, prepend=0.0, append=1.0, axis=0)
np.unwrap(4 * x)
np.unwrap(3 * m, axis=0)
np.unwrap(4.1 * x, period=4.0)
np.unwrap(9 * x, discont=5.0)
np.unwrap(4 * x, discont=0.1, period=3.0)
np.linspace(c, 3.0, 4)
np.linspace(c, 3.0, 4, endpoint=False)
np.linspace(c, 3.0, 1)
np.linspace(c, 3.0, 2)
np.linspace(c, 3.0, 0)
np.linspace(v, v * v, 3)
np.linspace(v, v * v, 3, axis=1)
np.linspace(v, v * v, 3, axis=-1)
np.linspace(c, 3.0, 5, retstep=True)
np.logspace(c, 2.0, 3)
np.logspace(c, 2.0, 3, base=2.5)
np.logspace(c, 2.0, 3, endpoint=False)
np.geomspace(c, 3.0, 4)
np.geomspace(c, 3.0, 2)
np.geomspace(c, 3.0, 1)
np.geomspace(-c, -3.0, 3, endpoint=False)
np.geomspace(w[:2], 2 * w[:2], 3)
np.polyval([1.0, -2.0, 0.5], x)
np.polyval(v, c)
np.modf(x)[0]
np.divmod(x, c)[1]
np.sinc(x)
np.around(x, 1) * x
np.fix(3 * x) * x
np.nan_to_num(m)
np.convolve(x, v)
np.convolve(v, x, "valid")
np.correlate(x, v, "full")
np.correlate(v, x)
np.correlate(v, v, "same")
np.pad(m, 1)
np.pad(m, ((0, 1), (2, 0)), constant_values=3.0)
np.pad(m, ((1, 0), (0, 2)), constant_values=((1.0, 2.0), (3.0, 4.0)))
np.pad(x, (2, 1))
np.pad(x, 2)
np.roll(b, (1, -2), axis=(0, 2))
np.roll(m, 3)
np.rot90(m, 3)
np.rot90(b, 1, (1, 2))
np.rot90(m, -2)
np.tile(v, (2, 2))
np.repeat(m, [1, 0, 2], axis=0)
np.repeat(m, 2)
np.take(m, [0, -1], axis=1)
np.take(m, [0, 5, -9], mode="wrap")
np.take(x, [0, 9, -9], mode="clip")
np.take_along_axis(m, np.array([[0, 2], [1, 1], [3, -1]]), axis=1)
np.sort(m, axis=None)
np.sort(b, axis=1)
np.ravel(m, order="F")
np.reshape(m, (4, 3), order="F")
np.transpose(b)
np.transpose(b, (2, 0, 1))
np.squeeze(b[:1], 0)
np.expand_dims(m, (0, 3))
np.moveaxis(b, [0, 1], [-1, 0])
np.tril(m, 1)
np.triu(b, -1)
np.diag(v, -1)
np.diag(m, 1)
np.std(m, axis=0, ddof=1)
np.var(m, axis=(0, 1), ddof=2)
np.var(m, where=m > -0.5)
np.ptp(m, axis=1)
np.prod(m, axis=0, initial=2.0)
np.sum(m, initial=3.0, where=[True, False, True, True])
np.max(m, axis=1, initial=0.1)
np.min(m, where=[True, False, True, True], initial=9.0)
np.clip(m, -0.5, 0.5)
np.clip(m, None, v[:, None])
np.clip(m, k[0], None)
np.nansum(nan * c, axis=0)
np.nanquantile(nan * c, 0.4, axis=1)
np.nanquantile(nan * c, [0.4, 0.5], axis=0, method="higher")
np.nanpercentile(nan * c, 70)
np.nanmedian(nan * c, axis=0, keepdims=True)
np.nancumsum(nan * c)
np.nancumprod(nan * c, axis=1)
np.nanstd(nan * c, ddof=1)
np.nanmax(nan * c, axis=0)
np.nanmin(nan * c)
np.lib.stride_tricks.sliding_window_view(m, 2, axis=0)
np.lib.stride_tricks.sliding_window_view(m, (2, 3))
np.hypot(x, y)
np.arctan2(x, y)
np.logaddexp2(x, y)
np.copysign(x, y)
np.fmod(x, 0.7)
np.remainder(x, c)
np.heaviside(x, c)
np.ldexp(x, 3)
np.float_power(w, x)
np.fabs(x)
np.fmax(x, y)
np.fmin(x, y)
np.where([True, False, True], v, c)
np.linalg.det(s)
np.linalg.det(s[:1, :1])
np.linalg.inv(s)
np.linalg.solve(s, v)
np.linalg.solve(s, m)
"""
calls = [line for line in CALLS.strip().splitlines() if line]

REFUSED = """
np.interp(x, [0.0, 1.0], [1.0, 2.0, 3.0])
np.interp(x, [[0.0, 1.0]], [[1.0, 2.0]])
np.interp(x, [], [])
np.interp(x, [0.0, 1.0], [1.0, 2.0], period=0)
np.quantile(x, 1.5)
np.quantile(x, -0.1)
np.quantile(m, 0.5, axis=2)
np.quantile(m, 0.5, axis=-3)
np.select([], [])
np.select([[True] * 3], [v, v])
np.bincount([0, 1], x)
np.bincount([[0, 1]], m[:1, :2])
np.split(x, 2)
np.hsplit(m, 3)
np.hsplit(c, 1)
np.vsplit(m, 2)
np.vsplit(v, 1)
np.dsplit(b, 3)
np.dsplit(m, 1)
np.insert(x, 6, c)
np.insert(x, -6, c)
np.delete(x, 5)
np.rollaxis(b, 0, 4)
np.rollaxis(b, 0, -4)
np.rollaxis(b, 3)
np.block([[m], k])
np.block([])
np.gradient(x[:1])
np.gradient(x[:2], edge_order=2)
np.gradient(m, axis=2)
np.gradient(m, axis=-3)
np.gradient(x, 1.0, 2.0)
np.average(x, weights=[0.0, 0.0, 0.0, 0.0, 0.0])
np.average(x, weights=[1.0, 2.0])
np.cov(m, x)
np.cumulative_sum(m)
np.linspace(c, 1.0, -1)
np.geomspace(c, 0.0, 3)
np.geomspace(c, -1.0, 3)
np.linalg.matrix_power(m, 2)
np.linalg.matrix_power(v, 2)
np.linalg.matrix_power(h, 2)
np.block([[m], m])
np.block([[], [m]])
np.block([[m, 1.0], []])
np.select([[True, False]], [v[:2], v[:2]])
np.select([], [])
np.bincount([0, 1], x)
np.bincount([[0, 1], [1, 0]], s[:2, :2])
np.linalg.tensorinv(t, ind=0)
np.linalg.det(m)
np.linalg.inv(v)
np.linalg.solve(s, k)
np.linalg.norm(b, 2)
np.linalg.norm(m, 3)
np.linalg.norm(x, "fro")
np.linalg.norm(b, axis=(0, 1, 2))
np.linalg.norm(m, axis=2)
np.linalg.multi_dot([m])
np.linalg.multi_dot([m, k, s])
np.einsum("ij,jk->ik", m, k)
np.einsum("ij", v)
np.tensordot(m, k)
np.cross(m, v)
np.kron()
np.take(x, 7)
np.take(m, 0, axis=2)
np.partition(x, 7)
np.choose([0, 3], [v[:2], v[:2]])
np.compress([True, False], m, axis=2)
np.concatenate([m, v])
np.stack([v, x])
np.pad(x, -1)
np.tile()
np.diag(b)
np.transpose(m, (0, 0))
np.reshape(m, (5, 2))
np.squeeze(m, 0)
np.sum(m, axis=2)
np.max(x[:0])
np.convolve(x[:0], v)
np.convolve(m, v)
np.lib.stride_tricks.sliding_window_view(x, 6)
np.diff(c)
np.diff(x, -1)
np.repeat(m, [1, 2], axis=0)
np.broadcast_to(m, (2, 4))
m @ k
v + x
"""
refused = [line for line in REFUSED.strip().splitlines() if line]


def named(call: str) -> list[str]:
    """Return the arrays that a call computes with."""
    return [n for n in ARRAYS if n != "nan" and re.search(rf"(?<![\w.\"']){n}(?![\w\"'=(])", call)]


def plain(x: Any) -> Any:
    if isinstance(x, (tuple, list)):
        return [plain(v) for v in x]
    return x.data if isinstance(x, Tensor) else np.asarray(x)


@pytest.mark.filterwarnings("ignore:numpy.fix is deprecated:DeprecationWarning")
@pytest.mark.parametrize("call", calls)
def test_values_are_numpys_and_gradients_those_of_differences(call: str) -> None:
    code, names = compile(call, "call", "eval"), named(call)
    assert names

    def f(*tensors: Any) -> Any:
        return eval(code, {**CONSTANTS, **dict(zip(names, tensors, strict=True))})

    arrays = [ARRAYS[n] for n in names]
    expected, found = plain(f(*arrays)), plain(f(*[Tensor(a, requires_grad=True) for a in arrays]))
    if isinstance(expected, list):
        assert len(found) == len(expected)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)

        def whole(*xs: Any) -> Any:
            parts = [p for p in f(*xs) if isinstance(p, Tensor)]
            return np.concatenate([np.ravel(p) for p in parts])

        assert check_gradients(whole, *arrays, order=2)
        return
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)
    if found.size:
        report = check_gradients(f, *arrays, order=2)
        assert report, report


@pytest.mark.parametrize("call", refused)
def test_what_numpy_refuses_is_refused(call: str) -> None:
    code, names = compile(call, "call", "eval"), named(call)
    with pytest.raises(Exception):  # noqa: B017 - whatever NumPy says
        eval(code, {**CONSTANTS, **ARRAYS})
    leaves = {n: Tensor(ARRAYS[n], requires_grad=True) for n in names}
    with pytest.raises((ValueError, TypeError, IndexError, ArithmeticError)):
        eval(code, {**CONSTANTS, **leaves})


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_letters_ends_and_counts_that_numpy_treats_in_its_own_way() -> None:
    p = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    np.testing.assert_array_equal(np.einsum(p, [0, 26]).data, p.data)  # A comes before a
    np.testing.assert_array_equal(np.einsum(p, [26, 0]).data, np.einsum(p.data, [26, 0]))
    for wrong in ([-1, 0], [True, 0], [0, 52]):
        with pytest.raises(ValueError, match="an index needs to be an int from 0 to 51"):
            np.einsum(p, wrong)
    whole = Tensor(np.array([1, 4, 9]))
    np.testing.assert_array_equal(np.diff(whole, prepend=0.5), [0.5, 3.0, 5.0])
    flags = np.array([True, False, False])
    np.testing.assert_array_equal(autograd.diff(flags), np.diff(flags))
    x = Tensor([1.0, 2.0, 4.0], requires_grad=True)
    assert np.isnan(np.nanvar(x, ddof=3).item())
    assert np.isnan(np.nanstd(x, ddof=4).item())
    assert np.isnan(np.linspace(x[0], 1.0, 0, retstep=True)[1].item())
    with pytest.raises(ZeroDivisionError):
        np.cov(p, aweights=[0.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="one axis or of two"):
        np.linalg.norm(p, axis=())


def test_a_product_of_many_matrices_is_taken_in_the_cheapest_order() -> None:
    """The example of Cormen et al., Introduction to Algorithms, 15.2: (A1(A2A3))((A4A5)A6)."""
    sides = [30, 35, 15, 5, 10, 20, 25]
    factors = [
        Tensor(np.ones((m, n)), name=f"A{i + 1}", requires_grad=True)
        for i, (m, n) in enumerate(pairwise(sides))
    ]
    nodes = autograd.graph(np.linalg.multi_dot(factors)).nodes

    def order(i: int) -> str:
        node = nodes[i]
        return node.label if not node.op else f"({''.join(order(p) for p in node.parents)})"

    assert order(len(nodes) - 1) == "((A1(A2A3))((A4A5)A6))"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("method", ["linear", "lower", "higher", "nearest"])
@pytest.mark.parametrize("ends", [(-np.inf, 2.0), (0.0, 5.0), (-np.inf, np.inf)])
def test_an_infinite_element_that_has_no_part_in_a_quantile_does_not_spoil_it(
    method: str, ends: tuple[float, float]
) -> None:
    a = np.array([ends[0], 1.0, 2.0, 3.0, ends[1]])
    q = [0.3, 0.5, 0.6] if method == "linear" else [0.1, 0.3, 0.6, 0.9]
    found = np.quantile(Tensor(a, requires_grad=True), q, method=method)
    np.testing.assert_array_equal(found.data, np.quantile(a, q, method=method))
