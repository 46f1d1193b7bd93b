"""Splits, mini-batches, images, labels and sources of random numbers."""

from __future__ import annotations

import numpy as np
import pytest

import nn
from autograd import ShapeError
from nn.rng import generator, load_rng_state, rng_state

# -- splits ----------------------------------------------------------------------------------------


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


def picture(m: int = 3) -> np.ndarray:
    return np.random.default_rng(0).random((m, 9, 9))


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


def test_a_distortion_changes_size_and_shear_a_little() -> None:
    images = picture()
    distorted = nn.augment(images, flip=False, rotate=0, distort=0.05, rng=1)[3:]
    assert 0 < np.abs(distorted - images).mean() < 0.25
    np.testing.assert_allclose(distorted[:, 4, 4], images[:, 4, 4])  # the centre stays


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


# -- labels and scales -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "hint"),
    [(["a", "b"], "number the classes first"), ([0.5, 1.0], "labels.astype.int.")],
)
def test_labels_that_are_no_numbers_are_refused(labels, hint) -> None:
    with pytest.raises(ValueError, match=f"one_hot: labels need to be integers.*{hint}"):
        nn.one_hot(labels)


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


# -- random numbers --------------------------------------------------------------------------------


def test_the_courses_numbers_come_from_its_stream() -> None:
    """np.random.seed(2) and randn × 0.01, as the exercises on initialization print them."""
    net = nn.Network([2, 4, 1], init="small_random", rng=np.random.RandomState(2))
    W1 = [[-0.00416758, -0.00056267], [-0.02136196, 0.01640271]]
    W1 += [[-0.01793436, -0.00841747], [0.00502881, -0.01245288]]
    np.testing.assert_allclose(net["W1"].data, W1, atol=5e-9)
    np.testing.assert_allclose(
        net["W2"].data, [[-0.01057952, -0.00909008, 0.00551454, 0.02292208]], atol=5e-9
    )
    np.random.seed(3)  # noqa: NPY002 - the course's own line
    order = np.random.permutation(10)  # noqa: NPY002
    batch = next(
        nn.minibatches(np.arange(10.0)[None], np.zeros((1, 10)), 4, rng=np.random.RandomState(3))
    )
    assert batch.X[0].tolist() == order[:4].tolist()


@pytest.mark.parametrize("rng", [1.5, "1", True, np.bool_(1), [1], np.random])
def test_what_is_no_source_of_random_numbers_is_refused(rng) -> None:
    for make in (
        lambda: nn.Network([2, 1], rng=rng),
        lambda: nn.Linear(2, 1, rng=rng),
        lambda: nn.Dropout(0.5, rng=rng),
        lambda: nn.split(np.ones((1, 9)), np.ones((1, 9)), rng=rng),
        lambda: nn.augment(picture(), rng=rng),
        lambda: list(nn.minibatches(np.ones((1, 9)), np.ones((1, 9)), 3, rng=rng)),
    ):
        with pytest.raises(TypeError, match="rng needs to be an int, a Generator"):
            make()


@pytest.mark.parametrize(
    "stream",
    [
        np.random.RandomState(3),
        np.random.default_rng(3),
        *(np.random.Generator(b(3)) for b in (np.random.MT19937, np.random.Philox)),
        *(np.random.Generator(b(3)) for b in (np.random.SFC64, np.random.PCG64DXSM)),
    ],
    ids=lambda s: str(s)[:40],
)
def test_the_state_of_a_stream_can_be_written_down(stream) -> None:
    import json

    stream.standard_normal(3)
    state = json.loads(json.dumps(rng_state(stream)))
    expected = stream.standard_normal(5), stream.permutation(9)
    load_rng_state(stream, state)
    np.testing.assert_array_equal(stream.standard_normal(5), expected[0])
    np.testing.assert_array_equal(stream.permutation(9), expected[1])
    other = np.random.default_rng(0) if isinstance(stream, np.random.RandomState) else None
    with pytest.raises(ValueError, match="the random state is that of a"):
        load_rng_state(other or np.random.RandomState(0), state)
    assert generator(stream, "test") is stream


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


@pytest.mark.parametrize("shape", [(2, 3), (3, 1), (1, 1, 3)])
def test_one_hot_takes_labels_in_one_row_only(shape) -> None:
    with pytest.raises(ShapeError, match=r"labels need shape \(m,\) or \(1, m\)"):
        nn.one_hot(np.zeros(shape, int))


@pytest.mark.parametrize("shape", [(3, 4), (4, 1), (1, 2, 2)])
def test_labels_in_a_table_are_no_labels(shape) -> None:
    with pytest.raises(ShapeError, match="one-hot already"):
        nn.one_hot(np.zeros(shape, int))
    assert nn.one_hot(np.zeros((1, 4), int), 2).shape == (2, 4)


def test_a_normalizer_survives_large_numbers() -> None:
    """Their differences leave the range of floats; half of each does not."""
    X = np.array([[-1.5e308, 1.5e308], [5e307, 1.5e308], [3.0, 3.0]])
    scaled = nn.Normalizer().fit(X).transform(X)
    assert scaled == pytest.approx(np.array([[-1.0, 1.0], [-1.0, 1.0], [0.0, 0.0]]))


def test_rotations_are_of_ten_degrees_unless_said_otherwise() -> None:
    image = np.zeros((1, 41, 41, 1))
    image[0, 20, 20:, 0] = 1.0  # a line from the centre to the right
    turned = nn.augment(image, flip=False, copies=200, rng=0)[1:, ..., 0]
    rows = np.argmax(turned[:, :, 39], axis=1) - 20
    most = np.degrees(np.arctan2(np.abs(rows).max(), 19))
    assert 8 < most < 10.5


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


@pytest.mark.parametrize("size", [1e-200, 1e-3, 1.0, 1e200])
def test_features_of_any_size_get_variance_1(size) -> None:
    X = size * np.random.default_rng(0).normal(size=(2, 50))
    found = nn.Normalizer().fit(X).transform(X)
    np.testing.assert_allclose(found.std(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(found.mean(axis=1), 0.0, atol=1e-12)


def test_an_axis_that_may_be_images_or_colours_is_asked_about() -> None:
    with pytest.raises(ShapeError, match=r"one image of depth 8, or 12 grey ones"):
        nn.image_to_vector(np.zeros((12, 8, 8)))
    with pytest.raises(ShapeError, match=r"looks like one image of depth 3"):
        nn.augment(np.zeros((64, 64, 3)))
    assert nn.image_to_vector(np.zeros((12, 8, 8))[..., None]).shape == (64, 12)
    assert nn.augment(np.zeros((64, 64, 3))[None]).shape == (2, 64, 64, 3)
    assert nn.augment(np.zeros((6, 8, 8))).shape == (12, 8, 8)


def test_angles_end_at_180_degrees_and_narrow_images_are_grey() -> None:
    images = np.zeros((2, 8, 8))
    assert nn.augment(images, rotate=180, rng=0).shape == (4, 8, 8)
    for angle in (180.5, 181, -1):
        with pytest.raises(ValueError, match=r"rotate needs to be in \[0, 180\]"):
            nn.augment(images, rotate=angle)
    assert nn.augment(np.zeros((5, 6, 3)), rng=0).shape == (10, 6, 3)
    with pytest.raises(ShapeError, match="one image of depth 3"):
        nn.augment(np.zeros((5, 7, 3)))
