"""Train two models on real data, prove their gradients, draw their graphs.

Run it with ``make demo``, or ``python examples/demo.py [folder]``. The data are scikit-learn's copy
of the Wisconsin breast cancer set: 569 tumours, 30 measurements of each, benign (1) or not (0).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

print("retrograd: from data to a trained network, its picture and its proof", flush=True)

import numpy as np  # noqa: E402 - the line above appears before the heavy imports

import nn  # noqa: E402
import viz  # noqa: E402
from autograd import BackpropReport, GradientReport, Tensor, check_gradients, compare_backprop  # noqa: E402

SEED = 1
CHECKED = 32  # examples in the numerical check: few, so that no ReLU comes near its kink

Data = tuple[nn.Part, nn.Part, nn.Part]


def load() -> Data:
    """Return train, dev and test parts (60/20/20), normalized by the training set."""
    from sklearn.datasets import load_breast_cancer

    rows, labels = load_breast_cancer(return_X_y=True)
    X, Y = rows.T, labels.reshape(1, -1).astype(float)  # examples are columns here
    parts = nn.split(X, Y, (0.6, 0.2, 0.2), rng=SEED)
    normalizer = nn.Normalizer().fit(parts[0].X)
    train, dev, test = (nn.Part(normalizer.transform(p.X), p.Y) for p in parts)
    sizes = "/".join(str(p.X.shape[1]) for p in (train, dev, test))
    print(f"Data: {X.shape[1]} examples × {X.shape[0]} features, split {sizes}, seed {SEED}.")
    return train, dev, test


def train(name: str, net: nn.Network, data: Data, **settings: Any) -> nn.History:
    """Train with progress; a line now and then where there is no terminal for a bar."""
    part, dev, _ = data
    epochs = settings["epochs"]
    print(f"\n{name}: {sum(p.size for p in net.parameters())} parameters, {epochs} epochs")

    def report(epoch: int, history: nn.History) -> None:
        if epoch in {1, epochs} or epoch % max(epochs // 5, 1) == 0:
            print(
                f"  epoch {epoch:4d}: cost {history.cost[-1]:.4f}, "
                f"dev cost {history.dev_cost[-1]:.4f}"
            )

    on_epoch = None if sys.stderr.isatty() else report
    return nn.fit(net, *part, dev=dev, on_epoch=on_epoch, rng=SEED, **settings)


def hand_gradients(net: nn.Network, part: nn.Part) -> dict[Tensor | str, Any]:
    """Return every dW and db by the backward pass derived by hand."""
    A, caches = nn.by_hand.forward(net.as_dict(), part.X)
    gradients = nn.by_hand.backward(A, part.Y, caches)
    return {name: gradients[f"d{name}"] for name in net.as_dict()}


def prove(net: nn.Network, part: nn.Part) -> tuple[BackpropReport, GradientReport]:
    """Compare autograd with the hand-derived pass, and with central differences."""
    J = nn.cost(net, part.X, part.Y, nn.binary_cross_entropy)
    by_backprop = compare_backprop(J, hand_gradients(net, part))
    few = nn.Part(part.X[:, :CHECKED], part.Y[:, :CHECKED])
    owners = [(layer, n) for layer in net.layers for n in ("W", "b")]

    def f(*parameters: Tensor) -> Tensor:
        kept = [getattr(layer, n) for layer, n in owners]
        try:
            for (layer, n), p in zip(owners, parameters, strict=True):
                setattr(layer, n, p)
            return nn.cost(net, few.X, few.Y, nn.binary_cross_entropy)
        finally:
            for (layer, n), p in zip(owners, kept, strict=True):
                setattr(layer, n, p)

    return by_backprop, check_gradients(f, *net.parameters())


def print_proof(name: str, net: nn.Network, part: nn.Part) -> None:
    """Print, for each parameter, how far autograd is from the two other ways."""
    hand, numerical = prove(net, part)
    print(f"\nProof for the {name}: relative error ‖a − n‖ / (‖a‖ + ‖n‖)")
    print(f"  {'parameter':10} {'shape':10} {'hand-derived':>13} {'numerical':>10}  band")
    for one, two in zip(hand.rows, numerical.rows, strict=True):
        shape = "×".join(str(n) for n in one.shape)
        print(f"  {one.name:10} {shape:10} {one.error:13.1e} {two.error:10.1e}  {two.band}")
    hand.raise_if_wrong()
    assert numerical.worst < 1e-7, numerical


def accuracies(net: nn.Network, data: Data) -> list[float]:
    """Return the accuracies on train, dev and test."""
    return [nn.accuracy(net, part.X, part.Y) for part in data]


def sklearn_accuracies(data: Data) -> list[float]:
    """Return those of scikit-learn's LogisticRegression on the same split."""
    from sklearn.linear_model import LogisticRegression

    part = data[0]
    model = LogisticRegression(max_iter=1000).fit(part.X.T, part.Y[0])
    return [float(model.score(p.X.T, p.Y[0])) for p in data]


def lecture() -> Tensor:
    """Return J = 3(a + bc), differentiated."""
    a, b, c = (
        Tensor(value, name=name, requires_grad=True)
        for name, value in (("a", 5.0), ("b", 3.0), ("c", 2.0))
    )
    J = (3 * (a + b * c)).named("J")
    J.backward()
    return J


def random_network() -> nn.Network:
    """Return the network with random biases too.

    With b = 0, an example that no unit of a layer answers to has Z = 0 exactly in the next one:
    at ReLU's kink, where there is no derivative for differences to find.
    """
    net = nn.Network([30, 20, 7, 5, 1], init="he", rng=SEED)
    rng = np.random.default_rng(SEED)
    for layer in net.layers:
        layer.b.data = rng.normal(0.0, 0.1, layer.b.shape)
    return net


def cost_after_backward(net: nn.Network, part: nn.Part) -> Tensor:
    """Return the cost on a set of examples, differentiated."""
    net.zero_grad()
    J = nn.cost(net, Tensor(part.X, name="X"), Tensor(part.Y, name="Y"), nn.binary_cross_entropy)
    J.backward()
    return J


def film(part: nn.Part) -> viz.Film:
    """Return the first thirty steps of gradient descent of a small network, on one layout."""
    net, drawings = nn.Network([30, 5, 1], rng=SEED), []
    optimizer = nn.SGD(net.parameters(), learning_rate=0.5)
    for _ in range(30):
        J = cost_after_backward(net, part).named("J")
        drawings.append(viz.draw(J, depth=0, health=True, theme="auto"))
        optimizer.step()
    return viz.film(drawings)


def main(folder: Path) -> None:
    """Run everything; name every file written."""
    data = load()
    logistic = nn.Network([30, 1], init="zeros")
    network = nn.Network([30, 20, 7, 5, 1], hidden="relu", output="sigmoid", init="he", rng=SEED)

    print_proof("logistic regression, at its start", logistic, data[0])
    print_proof("network, at random parameters", random_network(), data[0])

    histories = {
        "logistic regression": train(
            "Logistic regression, gradient descent",
            logistic,
            data,
            optimizer=nn.SGD(logistic.parameters(), learning_rate=0.3),
            epochs=200,
            batch_size=None,
        ),
        "network": train(
            "Network 30-20-7-5-1, Adam",
            network,
            data,
            optimizer=nn.Adam(network.parameters(), learning_rate=0.01),
            epochs=20,
            batch_size=64,
        ),
    }
    print_proof("network, after training", network, data[0])

    print(f"\n{'accuracy':34} {'train':>7} {'dev':>7} {'test':>7} {'cost J':>8}")
    rows = [
        ("logistic regression", accuracies(logistic, data), histories["logistic regression"]),
        ("network 30-20-7-5-1", accuracies(network, data), histories["network"]),
        ("scikit-learn LogisticRegression", sklearn_accuracies(data), None),
    ]
    for name, found, history in rows:
        cost = f"{history.cost[-1]:8.4f}" if history else f"{'–':>8}"
        print(f"{name:34} {' '.join(f'{100 * x:6.1f}%' for x in found)} {cost}")
    reference = rows[-1][1][2]
    for name, found, _ in rows[:-1]:
        assert found[2] >= reference - 0.02, f"{name}: test accuracy {found[2]} against {reference}"

    folder.mkdir(parents=True, exist_ok=True)
    J = cost_after_backward(network, data[0])
    files = [
        viz.draw(lecture()).save(folder / "lecture.svg"),
        viz.draw(lecture()).save(folder / "lecture.html"),
        viz.draw(cost_after_backward(logistic, data[0])).save(folder / "logistic.svg"),
        viz.draw(J, depth=0).save(folder / "network-folded.svg"),
        viz.draw(J).save(folder / "network-opened.svg"),
        viz.draw_network(network).save(folder / "network-neurons.svg"),
        film(data[0]).save(folder / "training.html"),
        histories["network"].plot(folder / "cost.svg", "Network 30-20-7-5-1"),
    ]
    print("\nWrote " + "\n      ".join(str(path) for path in files))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))
