"""How well `check_backprop` finds planted mistakes: the first wrong quantity, and its cause.

python benchmarks/derivations.py            the table of kinds, and the counts
python benchmarks/derivations.py --misses   and each mistake that was not named rightly
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from autograd import check_backprop
from autograd.captured import derivation
from autograd.graph import graph
from tests.autograd.derivations import Planted, bank


def judged(case: Planted):
    """Return the report on the arrays of a planted mistake."""
    functions = case.functions
    with np.errstate(all="ignore"):
        J, hand, _ = derivation(
            functions["forward"], functions["backward"], case.parameters, case.data
        )
        known = {step.name for step in graph(J).program.steps}
        return check_backprop(J, {k: v for k, v in hand.items() if k[1:] in known})


def main() -> None:
    table: Counter[tuple[str, str]] = Counter()
    spent, misses = [], []
    total = named = first = among = 0
    for case in bank():
        begun = time.perf_counter()
        report = judged(case)
        spent.append(time.perf_counter() - begun)
        total += 1
        mistakes = report.mistakes
        right = bool(mistakes) and mistakes[0].name == case.name
        named += right
        kinds = [c.kind for c in mistakes[0].causes] if mistakes else []
        first += right and bool(kinds) and kinds[0] in case.kinds
        among += right and bool(case.kinds & set(kinds))
        table[case.change, kinds[0] if kinds else "none"] += 1
        if not (right and kinds and kinds[0] in case.kinds):
            found = f"{mistakes[0].name}: {mistakes[0].causes[0].sentence}" if mistakes else "right"
            misses.append(f"{case.model}, {case.change}: {case.line.strip()}  →  {found}")
    kinds_found = sorted({kind for _, kind in table})
    print(f"{'planted':18}" + "".join(f"{kind:>11}" for kind in kinds_found))
    for change in dict.fromkeys(change for change, _ in table):
        row = "".join(f"{table[change, kind] or '':>11}" for kind in kinds_found)
        print(f"{change:18}{row}")
    print(
        f"\n{total} mistakes: first wrong quantity named in {named / total:.1%}, its cause first "
    )
    print(f"in {first / total:.1%}, among three in {among / total:.1%}; a report takes ", end="")
    print(f"{1000 * statistics.median(spent):.0f} ms (median), {1000 * max(spent):.0f} ms at most")
    if "--misses" in sys.argv:
        print("\n".join(misses))


if __name__ == "__main__":
    main()
