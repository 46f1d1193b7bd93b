"""Finding what repeats: loops in a graph, equal layers in a row of modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

__all__ = ["repeats"]

LONGEST = 512  # members of one round
LEAST = 3  # rounds


def repeats(
    signatures: Iterable[Hashable],
    longest: int = LONGEST,
    may_end: Callable[[int], bool] = lambda _: True,
) -> list[tuple[int, int, int]]:
    """Return (start, period, rounds) of the parts of a sequence that repeat themselves.

    Short periods are found first; what they cover is not looked at again. Rounds are counted from
    the end, because the first of a loop reads what is given and so is like no other, and each ends
    where `may_end` allows. It takes time in proportion to the length times `longest`.

    Examples
    --------
    >>> repeats("xababababy")
    [(1, 2, 4)]
    """
    codes: dict[Hashable, int] = {}
    sequence = np.array([codes.setdefault(s, len(codes)) for s in signatures], dtype=np.int64)
    n, free = len(sequence), np.ones(len(sequence), bool)
    found = []
    for period in range(1, min(longest, n // LEAST) + 1):
        same = (sequence[period:] == sequence[:-period]) & free[period:] & free[:-period]
        if not np.any(same):
            continue
        edges = np.flatnonzero(np.diff(np.concatenate([[0], same.astype(np.int8), [0]])))
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            whole, left = divmod(end - start + period, period)
            fitting = (
                (rounds, start + shift)
                for rounds, most in ((whole, left), (whole - 1, left + period))
                for shift in range(most, -1, -1)
                if may_end(start + shift + rounds * period - 1)
            )
            rounds, start = next(fitting, (0, start))
            if rounds >= LEAST and np.all(free[start : start + rounds * period]):
                found.append((start, period, rounds))
                free[start : start + rounds * period] = False
    return sorted(found)
