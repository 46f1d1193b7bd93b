"""How well `check_backprop` finds planted mistakes: the first wrong quantity, and its cause.

First of arrays, where mistakes are planted line by line; then of functions in many styles, whose
source is read.

python benchmarks/derivations.py            the table of kinds, and the counts
python benchmarks/derivations.py --misses   and each mistake that was not named rightly
"""

from __future__ import annotations

import statistics
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.autograd.derivations import bank, judged
from tests.autograd.mistakes import programs, styles


def of_arrays() -> None:
    table: Counter[tuple[str, str]] = Counter()
    spent, misses = [], []
    total = named = first = among = 0
    for case in bank():
        begun = time.perf_counter()
        report = judged(case.functions, case.parameters, case.data)
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


def of_functions() -> None:
    spent, misses = [], []
    seen = named = mended = 0
    for name, case in programs.CASES.items():
        begun = time.perf_counter()
        report = programs.judged(name, case, case["source"])
        spent.append(time.perf_counter() - begun)
        found = [row.name for row in report.mistakes]
        seen += bool(found)
        named += found[:1] == [case["wrong"].partition("[")[0]]
        mended += report.edit is not None
        if found[:1] != [case["wrong"].partition("[")[0]]:
            misses.append(f"{name}: {case['wrong']} in {case['wrong_line']}  →  {found}")
    total = len(programs.CASES)
    right = [programs.judged(n, c, c["source"]) for n, c in programs.RIGHT.items()]
    spent.sort()
    print(
        f"\n{total} mistakes in functions: {seen} seen, first wrong quantity named in "
        f"{named / total:.1%}, a line that makes it right in {mended / total:.1%}; a report takes "
        f"{spent[total // 2]:.2f} s (median), {spent[int(0.95 * total)]:.1f} s (95 %), "
        f"{spent[-1]:.1f} s at most. Of {len(right)} right ones {sum(not r for r in right)} are "
        "called wrong."
    )
    both = all_ = 0
    for name, case in programs.DOUBLE.items():
        report = programs.judged(name, case, case["source"])
        both += [row.name for row in report.mistakes] == [w[2] for w in case["wrong_lines"]]
        all_ += bool(report.edits) and not any("still differ" in n for n in report.notes)
    print(
        f"Of {len(programs.DOUBLE)} programs with two mistakes both are named, in their order and "
        f"nothing else, in {both}; lines that make all right are found in {all_}."
    )
    if "--misses" in sys.argv:
        print("\n".join(misses))


def of_styles() -> None:
    spent, misses = [], []
    total = seen = named = mended = 0
    for name, program in styles.PROGRAMS.items():
        for k, planted in enumerate(program.mistakes):
            begun = time.perf_counter()
            report = styles.judged(f"{name}_{k}", planted.text)
            spent.append(time.perf_counter() - begun)
            total += 1
            seen += not report
            mended += bool(report.edits)
            found = [row.name.removeprefix("d") for row in report.mistakes][:1]
            if found and found[0] in {n.removeprefix("d") for n in planted.names}:
                named += 1
            else:
                misses.append(f"{name}: {'/'.join(planted.names)}, {planted.cause}  →  {found}")
    spent.sort()
    right = sum(bool(styles.judged(name, p.text)) for name, p in styles.PROGRAMS.items())
    print(
        f"\nIn {len(styles.PROGRAMS)} programs of many styles, {right} of which are right as they "
        f"are: {seen} of {total} mistakes seen, first wrong quantity named in {named / total:.1%}, "
        f"a line proposed for {mended / total:.1%}; {spent[total // 2]:.2f} s (median), "
        f"{spent[int(0.95 * total)]:.1f} s (95 %), {spent[-1]:.1f} s at most."
    )
    if "--misses" in sys.argv:
        print("\n".join(misses))


if __name__ == "__main__":
    of_arrays()
    of_functions()
    of_styles()
