"""Splits, mini-batches, images, labels and scales."""

from __future__ import annotations

import copy
import pickle
import warnings
from typing import Any

import numpy as np
import pytest

import nn
from autograd import ShapeError
from tests.nn.helpers import picture, toy

X, Y = toy(64)


# -- splits ----------------------------------------------------------------------------------------


def test_split_keeps_pairs_together_and_uses_every_example() -> None:
    X = np.arange(100.0).reshape(1, 100)
    parts = nn.split(X, -X, (0.98, 0.01, 0.01), rng=0)
    assert [p.X.shape[1] for p in parts] == [98, 1, 1]
    assert sorted(np.concatenate([p.X[0] for p in parts])) == sorted(X[0])
    assert all(np.array_equal(p.Y, -p.X) for p in parts)
    with pytest.raises(ValueError, match="sum to 1"):
        nn.split(X, X, (0.5, 0.6))
    with pytest.raises(ValueError, match="leave one empty"):
        nn.split(X[:, :3], X[:, :3], (0.98, 0.01, 0.01))
    with pytest.raises(ShapeError, match=r"pass X\.T"):
        nn.split(X.T, X)


@pytest.mark.parametrize("seed", range(5))
def test_a_stratified_split_gives_each_part_its_share(seed) -> None:
    X = np.arange(100.0).reshape(1, -1)
    Y = (X < 5).astype(float)
    parts = nn.split(X, Y, (0.6, 0.2, 0.2), stratify=True, rng=seed)
    assert [int(p.Y.sum()) for p in parts] == [3, 1, 1]
    assert [p.X.shape[1] for p in parts] == [60, 20, 20]
    assert sorted(np.concatenate([p.X[0] for p in parts])) == list(range(100))
    for part in parts:  # pairs stay together, and classes are mixed
        np.testing.assert_array_equal(part.Y, (part.X < 5).astype(float))
    first = parts[0].X[0]
    assert not (np.diff(first) > 0).all()
    assert set(np.flatnonzero(parts[0].Y[0])) != {57, 58, 59}


def test_a_stratified_split_knows_one_hot_labels_and_big_data() -> None:
    k = np.repeat([0, 1, 2], [100, 300, 600])
    parts = nn.split(np.arange(1000.0)[None], np.eye(3)[:, k], (0.98, 0.01, 0.01), stratify=True)
    assert [p.Y.sum(axis=1).tolist() for p in parts] == [[98, 294, 588], [1, 3, 6], [1, 3, 6]]


def test_shuffling_depends_on_the_seed_only() -> None:
    X, Y = np.arange(50.0)[None], np.zeros((1, 50))
    one, two, other = (nn.split(X, Y, rng=seed)[0].X for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()


def test_no_part_is_empty() -> None:
    with pytest.raises(ValueError, match="fractions need to be positive and sum to 1"):
        nn.split(X, Y, (1.0, 0.0))


def test_a_cut_that_leaves_a_part_empty_speaks_of_parts() -> None:
    with pytest.raises(ValueError, match="leave one empty; use fewer parts"):
        nn.split(np.ones((1, 4)), [[0, 0, 1, 1]], (0.97, 0.03), stratify=True, rng=0)


def test_a_class_that_is_missing_in_a_part_is_told():
    rare = np.zeros((1, 100))
    rare[0, :2] = 1
    with pytest.warns(UserWarning, match=r"part \d has no example with Y = 1.0"):
        nn.split(np.ones((2, 100)), rare, stratify=True, rng=0)


# -- mini-batches ----------------------------------------------------------------------------------


def test_minibatches_visit_every_example_once_and_keep_the_last_part() -> None:
    X = np.arange(10.0).reshape(1, 10)
    batches = list(nn.minibatches(X, 2 * X, 4, rng=0))
    assert [b.X.shape[1] for b in batches] == [4, 4, 2]
    seen = np.concatenate([b.X for b in batches], axis=1)
    assert sorted(seen[0]) == sorted(X[0])
    assert not np.array_equal(seen, X)
    np.testing.assert_array_equal(np.concatenate([b.Y for b in batches], axis=1), 2 * seen)
    again = np.concatenate([b.X for b in nn.minibatches(X, X, 4, rng=0)], axis=1)
    np.testing.assert_array_equal(again, seen)
    (whole,) = nn.minibatches(X, X, None)
    assert whole.X.shape == X.shape
    with pytest.raises(ValueError, match="batch_size"):
        next(nn.minibatches(X, X, 0))


# -- images ----------------------------------------------------------------------------------------


def test_images_become_columns_and_back() -> None:
    images = np.arange(2 * 3 * 4 * 3).reshape(2, 3, 4, 3)
    X = nn.image_to_vector(images)
    assert X.shape == (36, 2)
    one = images[1]
    v = one.reshape(one.shape[0] * one.shape[1] * one.shape[2], 1)  # as in the notes
    np.testing.assert_array_equal(nn.image_to_vector(one), v)
    np.testing.assert_array_equal(X[:, 1:], v)
    np.testing.assert_array_equal(nn.vector_to_image(X, (3, 4, 3)), images)
    with pytest.raises(ShapeError, match=r"for grey images add an axis"):
        nn.image_to_vector(np.zeros((8, 8)))
    with pytest.raises(ShapeError, match="36 rows are no image of shape"):
        nn.vector_to_image(X, (3, 3, 3))


def test_an_axis_that_may_be_images_or_colours_is_asked_about() -> None:
    with pytest.raises(ShapeError, match=r"one image of depth 8, or 12 grey ones"):
        nn.image_to_vector(np.zeros((12, 8, 8)))
    with pytest.raises(ShapeError, match=r"looks like one image of depth 3"):
        nn.augment(np.zeros((64, 64, 3)))
    assert nn.image_to_vector(np.zeros((12, 8, 8))[..., None]).shape == (64, 12)
    assert nn.augment(np.zeros((64, 64, 3))[None]).shape == (2, 64, 64, 3)
    assert nn.augment(np.zeros((6, 8, 8))).shape == (12, 8, 8)


def test_augmentation_keeps_the_images_and_adds_changed_ones() -> None:
    images = picture()
    Y = np.array([[0, 1, 1]])
    more, labels = nn.augment(images, Y, copies=2, rng=0)
    np.testing.assert_array_equal(more[:3], images)
    assert labels.tolist() == [[0, 1, 1] * 3]
    assert more.min() >= images.min()
    assert more.max() <= images.max()
    assert (nn.augment(images, rng=0) == nn.augment(images, rng=0)).all()
    np.testing.assert_array_equal(nn.augment(images, flip=False, rotate=0, rng=0)[3:], images)


def test_augmented_images_leave_the_given_ones_alone() -> None:
    images = np.random.default_rng(0).uniform(size=(4, 6, 6, 1))
    before = images.copy()
    more, _ = nn.augment(images, np.ones((1, 4)), copies=2, rng=0)
    more[...] = -1.0
    np.testing.assert_array_equal(images, before)


def test_a_flip_is_from_left_to_right() -> None:
    images = picture(40)
    copies = nn.augment(images, flip=True, rotate=0, rng=0)[40:]
    flipped = [(c == i[:, ::-1]).all() for c, i in zip(copies, images, strict=True)]
    same = [(c == i).all() for c, i in zip(copies, images, strict=True)]
    assert all(a != b for a, b in zip(flipped, same, strict=True))
    assert 8 < sum(flipped) < 32


def test_a_rotation_turns_about_the_centre() -> None:
    class Quarter(np.random.RandomState):
        def random(self, size=None):
            return np.ones(size)  # the greatest angle, and no flip

    images = picture()
    turned = nn.augment(images, flip=False, rotate=90, rng=Quarter(0))[3:]
    np.testing.assert_allclose(turned, np.rot90(images, -1, axes=(1, 2)), atol=1e-12)
    colour = np.repeat(images[..., None], 3, axis=3)
    turned = nn.augment(colour, flip=False, rotate=90, rng=Quarter(0))[3:]
    np.testing.assert_allclose(turned, np.rot90(colour, -1, axes=(1, 2)), atol=1e-12)


def test_rotated_copies_turn_by_the_angle_at_most_and_both_ways() -> None:
    images = np.zeros((200, 41, 41))
    images[:, 20, 35] = 1.0  # a point at the right of the centre, 15 pixels away
    copies = nn.augment(images, rotate=20, flip=False, rng=0)[200:]
    y, x = np.mgrid[:41, :41] - 20.0
    mass = copies.sum(axis=(1, 2))
    angles = np.rad2deg(
        np.arctan2((copies * y).sum(axis=(1, 2)) / mass, (copies * x).sum(axis=(1, 2)) / mass)
    )
    assert 17 < angles.max() < 21.5
    assert -21.5 < angles.min() < -17


def test_rotations_are_of_ten_degrees_unless_said_otherwise() -> None:
    image = np.zeros((1, 41, 41, 1))
    image[0, 20, 20:, 0] = 1.0  # a line from the centre to the right
    turned = nn.augment(image, flip=False, copies=200, rng=0)[1:, ..., 0]
    rows = np.argmax(turned[:, :, 39], axis=1) - 20
    most = np.degrees(np.arctan2(np.abs(rows).max(), 19))
    assert 8 < most < 10.5


def test_angles_end_at_180_degrees_and_narrow_images_are_grey() -> None:
    images = np.zeros((2, 8, 8))
    assert nn.augment(images, rotate=180, rng=0).shape == (4, 8, 8)
    for angle in (180.5, 181, -1):
        with pytest.raises(ValueError, match=r"rotate needs to be in \[0, 180\]"):
            nn.augment(images, rotate=angle)
    assert nn.augment(np.zeros((5, 6, 3)), rng=0).shape == (10, 6, 3)
    with pytest.raises(ShapeError, match="one image of depth 3"):
        nn.augment(np.zeros((5, 7, 3)))


def test_a_turned_ramp_is_a_ramp_to_its_last_row() -> None:
    """Between pixels values are linear: an image y gives the height that a pixel is from."""
    from nn.data import _warped

    h, w, angle = 7, 5, 0.3
    ramp = np.tile(np.arange(float(h))[:, None], (1, w))[None]
    none = np.zeros(1)
    turned = _warped(ramp, np.zeros(1, bool), np.array([angle]), none, np.ones(1))[0]
    y, x = np.mgrid[:h, :w]
    heights = np.cos(angle) * (y - 3) - np.sin(angle) * (x - 2) + 3
    np.testing.assert_allclose(turned, np.clip(heights, 0, 6), atol=1e-12)


def test_a_warped_ramp_is_a_ramp_to_the_last_column():
    """Bilinear interpolation gives what is linear exactly, the edges included."""
    from nn.data import _warped

    ramp = np.broadcast_to(np.arange(6.0), (1, 5, 6)).copy()
    shear, none = np.array([0.13]), np.zeros(1)
    made = _warped(ramp, np.array([False]), none, shear, none + 1)
    y, x = np.mgrid[:5, :6]
    np.testing.assert_allclose(made[0], np.clip(x + 0.13 * (y - 2), 0, 5), atol=1e-12)


def test_a_distortion_changes_size_and_shear_a_little() -> None:
    images = picture()
    distorted = nn.augment(images, flip=False, rotate=0, distort=0.05, rng=1)[3:]
    assert 0 < np.abs(distorted - images).mean() < 0.25
    np.testing.assert_allclose(distorted[:, 4, 4], images[:, 4, 4])  # the centre stays


def test_copies_are_stretched_and_sheared_by_the_share_at_most() -> None:
    """A disc of radius 10 whose copies are between 0.8 and 1.2 times as large."""
    y, x = np.mgrid[:61, :61] - 30.0
    disc = (x**2 + y**2 <= 100).astype(float)
    copies = nn.augment(np.repeat(disc[None], 60, 0), flip=False, rotate=0, distort=0.2, rng=0)[60:]
    areas = copies.sum(axis=(1, 2)) / disc.sum()
    assert 0.55 < areas.min() < 0.8
    assert 1.2 < areas.max() < 1.6


@pytest.mark.parametrize(
    "wrong",
    [{"rotate": -1}, {"rotate": 200}, {"distort": 1}, {"copies": 0}, {"labels": np.ones((1, 2))}],
    ids=str,
)
def test_impossible_augmentations_are_refused(wrong) -> None:
    with pytest.raises((ValueError, ShapeError), match="augment: "):
        nn.augment(picture(), **wrong)
    with pytest.raises(ShapeError, match=r"needs shape \(m, height, width\)"):
        nn.augment(np.ones((4, 4)))


# -- labels ----------------------------------------------------------------------------------------


def test_one_hot_refuses_labels_outside_its_range() -> None:
    with pytest.raises(ValueError, match="0 … 1, got 0 … 2"):
        nn.one_hot([0, 2], classes=2)
    with pytest.raises(ValueError, match="integers"):
        nn.one_hot([0.5])


@pytest.mark.parametrize(
    ("labels", "hint"),
    [(["a", "b"], "number the classes first"), ([0.5, 1.0], "labels.astype.int.")],
)
def test_labels_that_are_no_numbers_are_refused(labels, hint) -> None:
    with pytest.raises(ValueError, match=f"one_hot: labels need to be integers.*{hint}"):
        nn.one_hot(labels)


@pytest.mark.parametrize("shape", [(2, 3), (3, 1), (1, 1, 3)])
def test_one_hot_takes_labels_in_one_row_only(shape) -> None:
    with pytest.raises(ShapeError, match=r"labels need shape \(m,\) or \(1, m\)"):
        nn.one_hot(np.zeros(shape, int))


@pytest.mark.parametrize("shape", [(3, 4), (4, 1), (1, 2, 2)])
def test_labels_in_a_table_are_no_labels(shape) -> None:
    with pytest.raises(ShapeError, match="one-hot already"):
        nn.one_hot(np.zeros(shape, int))
    assert nn.one_hot(np.zeros((1, 4), int), 2).shape == (2, 4)


def test_labels_of_one_class_make_one_row() -> None:
    assert nn.one_hot([0, 0, 0]).shape == (1, 3)
    assert nn.one_hot([]).shape[1] == 0


# -- scales ----------------------------------------------------------------------------------------


def test_normalizer_uses_the_training_sets_mean_and_variance(rng) -> None:
    X = rng.normal(3.0, 5.0, (2, 50))
    X[1] = 7.0
    normalizer = nn.Normalizer().fit(X)
    done = normalizer.transform(X)
    assert done[0].mean() == pytest.approx(0, abs=1e-14)
    assert done[0].std() == pytest.approx(1, rel=1e-14)
    assert not done[1].any()
    other = rng.normal(size=(2, 3))
    np.testing.assert_allclose(
        normalizer.transform(other)[0], (other[0] - X[0].mean()) / X[0].std()
    )
    with pytest.raises(ShapeError, match="2 rows"):
        normalizer.transform(other.T)
    with pytest.raises(ValueError, match=r"call fit\(\)"):
        nn.Normalizer().transform(X)
    X[0, 3] = np.nan
    with pytest.raises(
        ValueError, match=r"X needs finite numbers, got nan at \[0, 3\] \(1 in all\)"
    ):
        nn.Normalizer().fit(X)


def test_a_normalizer_fits_and_transforms():
    made = nn.Normalizer()
    np.testing.assert_array_equal(made.fit_transform(X), nn.Normalizer().fit(X).transform(X))
    np.testing.assert_allclose(made.inverse(made.transform(X)), X)
    for again in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        np.testing.assert_array_equal(again.transform(X), made.transform(X))


def test_a_normalizer_undoes_itself() -> None:
    X = np.random.default_rng(0).normal(5, 3, size=(3, 20))
    X[1] = 7.0
    normalizer = nn.Normalizer().fit(X)
    np.testing.assert_allclose(normalizer.inverse(normalizer.transform(X)), X, rtol=1e-12)
    for method in ("transform", "inverse"):
        with pytest.raises(ValueError, match=f"Normalizer.{method}: call fit"):
            getattr(nn.Normalizer(), method)(X)
        with pytest.raises(ShapeError, match=f"Normalizer.{method}: X needs 3 rows"):
            getattr(normalizer, method)(X.T)


def test_a_normalizer_keeps_single_precision_and_restores_what_does_not_vary() -> None:
    X = np.array([[1.0, 2.0, 3.0], [7.0, 7.0, 7.0]])
    normalizer = nn.Normalizer().fit(X.astype(np.float32))
    assert normalizer.transform(X.astype(np.float32)).dtype == np.float32
    assert nn.Normalizer().fit(X.astype(int)).transform(X.astype(int)).dtype == np.float64
    other = np.array([[5.0], [9.0]])
    np.testing.assert_allclose(normalizer.inverse(normalizer.transform(other)), other)
    for method in ("transform", "inverse"):
        with pytest.raises(ValueError, match=r"call fit\(\)"):
            getattr(nn.Normalizer(), method)(X)


def test_a_feature_that_does_not_vary_is_only_moved() -> None:
    normalizer = nn.Normalizer().fit(np.full((1, 7), 0.1))
    np.testing.assert_allclose(normalizer.transform([[0.1, 0.3]]), [[0.0, 0.2]], rtol=1e-15)


@pytest.mark.parametrize("value", [0.1, 1e-3, 1e17 / 3])
def test_a_constant_feature_has_no_variance_from_rounding(value: float) -> None:
    rows = np.vstack([np.full(7, value), np.arange(7.0)])
    normalizer = nn.Normalizer().fit(rows)
    np.testing.assert_array_equal(normalizer.transform(rows)[0], np.zeros(7))


def test_a_normalizer_survives_large_numbers() -> None:
    """Their differences leave the range of floats; half of each does not."""
    X = np.array([[-1.5e308, 1.5e308], [5e307, 1.5e308], [3.0, 3.0]])
    scaled = nn.Normalizer().fit(X).transform(X)
    assert scaled == pytest.approx(np.array([[-1.0, 1.0], [-1.0, 1.0], [0.0, 0.0]]))


@pytest.mark.parametrize("size", [1e-200, 1e-3, 1.0, 1e200])
def test_features_of_any_size_get_variance_1(size) -> None:
    X = size * np.random.default_rng(0).normal(size=(2, 50))
    found = nn.Normalizer().fit(X).transform(X)
    np.testing.assert_allclose(found.std(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(found.mean(axis=1), 0.0, atol=1e-12)


@pytest.mark.parametrize("scale", [1e-200, 1e-8, 1.0, 1e14, 1e200])
def test_scales_of_any_size_are_normalized(scale) -> None:
    Z = np.random.default_rng(0).normal(size=(2, 100)) + 3
    normal = nn.Normalizer().fit(Z * scale).transform(Z * scale)
    np.testing.assert_allclose(normal.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(normal.std(axis=1), 1, rtol=1e-12)
    y = (Z[0] > 3).astype(int)
    rows = Z.T * scale
    assert nn.MLPClassifier(epochs=60, random_state=0).fit(rows, y).score(rows, y) > 0.95
    if 1e-9 < scale < 1e15:
        with_l2 = nn.LogisticRegression(l2=0.001 * scale**2).fit(rows, y)
        assert with_l2.score(rows, y) > 0.97


def test_a_normalizer_measures_weighted_examples() -> None:
    X = np.array([[1.0, 2.0, 9.0], [4.0, 4.0, 7.0]])
    plain = nn.Normalizer().fit([[1.0, 1.0, 1.0, 2.0], [4.0, 4.0, 4.0, 4.0]])
    weighted = nn.Normalizer().fit(X, [3, 1, 0])
    np.testing.assert_allclose(weighted.mean, plain.mean)
    np.testing.assert_allclose(weighted.std, plain.std)
    for bad in ([1, 1], [0, 0, 0], [1, -1, 1], [1, np.nan, 1]):
        with pytest.raises(ValueError, match="weight needs 3 finite numbers of at least 0"):
            nn.Normalizer().fit(X, bad)


def test_what_counts_no_times_is_not_there() -> None:
    rows = np.array([[1.0, 3.0, 1e300]])
    made = nn.Normalizer().fit(rows, [1.0, 1.0, 0.0])
    assert (made.mean.item(), made.std.item()) == (2.0, 1.0)


@pytest.mark.parametrize("stratify", [False, True])
def test_nothing_cannot_be_split(stratify: bool) -> None:
    with pytest.raises(ValueError, match="needs at least one example, got none"):
        nn.split(np.ones((2, 0)), np.ones((1, 0)), stratify=stratify)


@pytest.mark.parametrize(
    ("counts", "fractions", "sizes"),
    [
        ([3] * 20, (0.6, 0.2, 0.2), [36, 12, 12]),
        ([7] * 10, (0.8, 0.2), [56, 14]),
        ([95, 5], (0.6, 0.2, 0.2), [60, 20, 20]),
        ([1, 99], (0.5, 0.5), [50, 50]),
    ],
)
@pytest.mark.filterwarnings("ignore:split. part")
def test_classes_share_the_rounding(counts: Any, fractions: Any, sizes: Any) -> None:
    """Parts have the sizes of the fractions, and of each class its share, rounded up or down."""
    Y = np.repeat(np.arange(len(counts)), counts)[None].astype(float)
    X = np.arange(Y.size)[None].astype(float)
    parts = nn.split(X, Y, fractions, stratify=True, rng=0)
    assert [part.X.shape[1] for part in parts] == sizes
    assert sorted(np.concatenate([part.X[0] for part in parts])) == X[0].tolist()
    for k, n in enumerate(counts):
        found = [int((k == part.Y).sum()) for part in parts]
        assert all(abs(a - f * n) <= 1 for a, f in zip(found, fractions, strict=True)), (k, found)


def test_one_row_beside_another_length_gets_no_hint_of_rows() -> None:
    with pytest.raises(ShapeError, match=r"got shapes \(1, 20\) and \(1, 19\)\.$"):
        nn.split(np.ones((1, 20)), np.ones((1, 19)))


def test_unknown_targets_are_no_classes_that_are_missing(recwarn) -> None:
    Y = np.array([[0.0, 1.0] * 10])
    Y[0, 0] = np.nan
    nn.split(np.ones((2, 20)), Y, (0.5, 0.5), stratify=True, rng=0)
    assert not recwarn.list


@pytest.mark.parametrize("seed", range(12))
def test_no_part_goes_without_a_class_that_is_large_enough(seed: int, recwarn) -> None:
    """Of four examples and more each part of (0.6, 0.2, 0.2) gets one."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(5, 9, size=rng.integers(5, 40))
    Y = np.repeat(np.arange(len(counts)), counts)[None].astype(float)
    parts = nn.split(Y, Y, (0.6, 0.2, 0.2), stratify=True, rng=seed)
    assert not recwarn.list
    assert all(len(np.unique(part.Y)) == len(counts) for part in parts)


def test_few_examples_of_several_classes_can_be_cut() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not every part has each of them
        parts = nn.split(np.ones((2, 3)), np.array([[0.0, 1, 1]]), (0.67, 0.33), stratify=True)
        assert [part.X.shape[1] for part in parts] == [2, 1]
        labels = np.random.default_rng(0).integers(0, 2, (6, 60)).astype(float)
        assert len(np.unique(labels, axis=1).T) > 30
        parts = nn.split(np.ones((2, 60)), labels, (0.5, 0.5), stratify=True, rng=0)
    assert sum(part.X.shape[1] for part in parts) == 60
