"""Change the engine in small ways, one at a time, and count how many changes a test notices.

    python tests/mutants.py                                  every mutant of autograd/
    python tests/mutants.py --sample 300                     300 of them, drawn at random
    python tests/mutants.py autograd/backward.py             every mutant of one file
    python tests/mutants.py --package viz --sample 150       150 of the pictures' code
    python tests/mutants.py --package nn                     every mutant of nn/
    python tests/mutants.py --again old.log                  the survivors that a run printed
    python tests/mutants.py --imports --sample 100           changes of what runs at import alone

mutmut makes the mutants: a number one higher, an operator exchanged, a condition negated, an
argument dropped. Text is left alone: messages and drawing symbols have tests of their own, and a
changed word says nothing of the mathematics; so is symbol.py, which prints formulas with a match
statement that mutmut cannot read.

The tests are collected once, and run once to learn which functions each of them calls. Then each
mutant is a fork of that process: the changed functions get their new code, and the tests that call
them run until one fails, for at most `--seconds`. A change of what runs at import, such as a table
or a default, starts a new process in a copy of the project instead. Survivors are printed.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import gc
import inspect
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest
from mutmut import Config, Context, RelativeMutationID, list_mutations, mutate, mutations_by_type

ROOT = Path(__file__).resolve().parent.parent
KEPT = {"string", "fstring", "decorator"}  # the kinds of mutation that are left out
KILLED, SURVIVED, ELSEWHERE = 1, 0, 2  # exit codes of a fork
VIZ = [
    f"tests/viz/test_{name}.py"
    for name in ("viz", "geometry", "views", "outputs", "rows", "expression")
]
MORE = [
    f"tests/viz/test_{name}.py" for name in ("doctor", "fit", "heat", "notation", "kinds", "steps")
]
TESTS = {  # of a package; pages in a browser and pictures compared byte by byte are left out
    "autograd": ["tests/autograd", "tests/nn", *VIZ[:1], *VIZ[3:4]],
    "nn": ["tests/nn"],
    "viz": [*VIZ, *MORE, "tests/viz/test_files.py", "tests/test_new_op.py"],
}
FIRST = ("op", "operands", "walk", "messages", "tensor", "functional", "variants", "dispatch")
QUICK = {"autograd": [f"tests/autograd/test_{name}.py" for name in FIRST], "viz": VIZ[:3]}
QUICK["nn"] = [f"tests/nn/test_{name}.py" for name in ("optim", "regularizers", "metrics", "data")]
SLOW = 240  # seconds; a mutant that never ends is noticed too

Place = tuple[str, int]  # of a function: its qualified name, and where its instructions come from


def config() -> Config:
    """Return mutmut's settings, of which only the kinds of mutation matter here."""
    return Config(
        swallow_output=True,
        test_command="",
        covered_lines_by_filename=None,
        baseline_time_elapsed=0,
        test_time_multiplier=1,
        test_time_base=1,
        dict_synonyms=[],
        total=0,
        using_testmon=False,
        tests_dirs=[],
        hash_of_tests="",
        post_mutation="",
        pre_mutation="",
        coverage_data={},
        paths_to_mutate=[],
        mutation_types_to_apply=set(mutations_by_type) - KEPT,
        no_progress=True,
        ci=True,
        rerun_all=False,
    )


def mutants(path: Path) -> list[RelativeMutationID]:
    """Return every mutant of a file, those of annotations left out."""
    source = path.read_text("utf-8")
    tree = ast.parse(source)
    annotated = {
        line
        for node in ast.walk(tree)
        for annotation in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if annotation is not None
        for line in range(annotation.lineno, annotation.end_lineno + 1)
        if source.splitlines()[line - 1].lstrip().startswith(("def ", "->"))
    }
    typing = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for line in range(node.lineno, node.end_lineno + 1)
    }
    found = list_mutations(Context(source=source, filename=str(path), config=config()))
    skipped = annotated | typing
    return [
        m
        for m in found
        if m.line_number + 1 not in skipped
        and not m.line.lstrip().startswith(("from_engine", "__all__", "__slots__", "assert ", "@"))
    ]


def mutated(path: Path, mutant: RelativeMutationID) -> str | None:
    """Return the changed text of a file; None where it is no Python, or means the same."""
    source = path.read_text("utf-8")
    context = Context(source=source, filename=str(path), mutation_id=mutant, config=config())
    changed, _ = mutate(context)
    try:
        return None if meaning(changed) == meaning(source) else changed
    except SyntaxError:  # mutmut does not know every sign
        return None


def meaning(source: str) -> str:
    """Return what a file does: its syntax tree, without annotations and the samples of ops.

    `strict=` of zip is an assertion of equal lengths, and left alone as `assert` is; any negative
    length is the one that NumPy's reshape finds; where a message is cut off is text.
    """
    tree = ast.parse(source.replace("strict=False", "strict=True"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "reshape":
            for part in ast.walk(node):
                if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub):
                    part.operand = ast.Constant(1)
        if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Subscript):
            node.value = node.value.value
        for name in ("annotation", "returns"):
            if getattr(node, name, None) is not None:
                setattr(node, name, ast.Constant(0) if name == "annotation" else None)
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
    return ast.dump(tree)


def difference(path: Path, changed: str) -> str:
    """Return the lines that a mutant changes."""
    old, new = path.read_text("utf-8").splitlines(), changed.splitlines()
    lines = difflib.unified_diff(old, new, str(path.relative_to(ROOT)), "", n=0, lineterm="")
    return "\n".join(line for line in lines if line != "+++ ")


def change(path: Path, changed: str | None) -> tuple[str, ...]:
    """Return a mutant's file and changed lines, which tell it from others when lines have moved."""
    return () if changed is None else _lines(difference(path, changed))


def survivors(log: str) -> set[tuple[str, ...]]:
    """Return the mutants that a run printed as survivors."""
    return {_lines(block.split("\n\n")[0]) for block in log.split("survived:\n")[1:]}


def _lines(diff: str) -> tuple[str, ...]:
    head, *rest = diff.splitlines()
    return head.strip(), *(line for line in rest if line[:1] in "-+" and line.strip() != "+++")


def runs_at_import(path: Path, changed: str | None) -> bool:
    """Return whether a mutant changes something beside the code of functions."""
    old = compile(path.read_text("utf-8"), str(path), "exec")
    return changed is not None and changes(old, compile(changed, str(path), "exec")) is None


FOLDER = [str(ROOT / "autograd")]  # the package whose functions are changed
FAILED: list[str] = []  # what the reports of the test that ran last say

# -- Functions and their tests ---------------------------------------------------------------------


def place(code: CodeType) -> Place:
    """Return what tells a function of a file from every other, two on one line as well."""
    return code.co_qualname, hash(tuple(code.co_positions()))


def inner(code: CodeType) -> list[CodeType]:
    """Return the functions and classes that a piece of code defines."""
    return [c for c in code.co_consts if isinstance(c, CodeType)]


def own(code: CodeType) -> Any:
    """Return what a piece of code does itself, apart from the functions it defines."""
    constants = [None if isinstance(c, CodeType) else (type(c), repr(c)) for c in code.co_consts]
    return code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars


def changes(old: CodeType, new: CodeType) -> list[tuple[CodeType, CodeType]] | None:
    """Return the functions that differ, old and new, each before those inside it.

    None where what runs at import differs.
    """
    found, pairs = [], [(old, new)]
    while pairs:
        a, b = pairs.pop()
        if a.co_flags & inspect.CO_OPTIMIZED:
            if whole(a) != whole(b):
                found.append((a, b))
        elif own(a) != own(b):
            return None
        if len(inner(a)) == len(inner(b)):
            pairs += zip(inner(a), inner(b), strict=True)
    return found


def whole(code: CodeType) -> Any:
    """Return what a piece of code does, the functions inside it included."""
    return own(code), [whole(c) for c in inner(code)]


def writes(code: CodeType) -> bool:
    """Return whether a function writes the code of ops, which it can do again."""
    return code.co_name.endswith("_source") or code.co_name in ("_unpacked", "_pushed")


class Calls:
    """Which functions of the engine a test calls: the profiler of a run."""

    def __init__(self) -> None:
        self.seen: set[CodeType] = set()

    def __call__(self, frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(FOLDER[0]):
            self.seen.add(frame.f_code)


def failure(item: pytest.Item) -> str | None:
    """Run a test; return how it fails."""
    FAILED.clear()
    item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
    return FAILED[0] if FAILED else None


def learn(items: list[pytest.Item]) -> dict[Any, list[tuple[float, int]]]:
    """Run every test; return for each function the tests that call it, with their seconds."""
    calls, callers = Calls(), defaultdict(list)
    for i, item in enumerate(items):
        calls.seen = set()
        began = time.perf_counter()
        threading.setprofile(calls)
        sys.setprofile(calls)
        try:
            failed = failure(item)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        if failed is not None:
            raise SystemExit(f"{failed}\n{item.nodeid} fails without any mutant; mend that first.")
        spent = time.perf_counter() - began
        for code in calls.seen:
            callers[code.co_filename, *place(code)].append((spent, i))
    return dict(callers)


# -- One mutant ------------------------------------------------------------------------------------


class Trial:
    """What the fork of one mutant needs: the tests, who calls what, and the engine's functions."""

    def __init__(
        self, items: list[pytest.Item], callers: dict[Any, list[tuple[float, int]]], limit: float
    ) -> None:
        self.items, self.callers, self.limit = items, callers, limit
        self.functions = defaultdict(list)
        for f in gc.get_objects():
            if isinstance(f, FunctionType) and f.__code__.co_filename.startswith(FOLDER[0]):
                self.functions[f.__code__.co_filename, *place(f.__code__)].append(f)

    def outcome(self, path: Path, changed: str) -> int:
        """Put the mutant in place in this process, and run the tests that can notice it."""
        name = str(path)
        pairs = changes(
            compile(path.read_text("utf-8"), name, "exec"), compile(changed, name, "exec")
        )
        if not pairs:
            return ELSEWHERE
        chosen: set[tuple[float, int]] = set()
        for old, new in pairs:
            where = (name, *place(old))
            if own(old) != own(new) and where not in self.callers:
                return ELSEWHERE
            for f in self.functions[where]:
                if len(new.co_freevars) != len(f.__code__.co_freevars):
                    return ELSEWHERE
                f.__code__ = new
            chosen.update(self.callers.get(where, []))
        if path.name == "codegen.py" and writes(pairs[0][0]):
            from autograd import OPS

            try:
                for declared in OPS.values():
                    declared._generate()
            except Exception:
                return KILLED
            chosen.update((0.0, i) for i in range(len(self.items)))
            self.limit *= 3  # the code of every op: any test may notice
        if not chosen:
            return ELSEWHERE
        ends = time.process_time() + self.limit
        for i in self.ordered(chosen, path):
            if time.process_time() > ends:
                break
            signal.setitimer(signal.ITIMER_REAL, 30)  # SIGALRM ends a test that does not end
            if failure(self.items[i]) is not None:
                return KILLED
        return SURVIVED

    def ordered(self, chosen: set[tuple[float, int]], path: Path) -> list[int]:
        """Order tests so that each test function has its turn, with a few of its fastest cases.

        In a turn, those in a file named after the mutant's come first.
        """
        cases: Counter[str] = Counter()
        keys = []
        for spent, i in sorted(chosen):
            kind = self.items[i].nodeid.partition("[")[0]
            turn, cases[kind] = cases[kind] // 4, cases[kind] + 1
            keys.append((turn, path.stem not in self.items[i].path.stem, spent, i))
        return [i for *_, i in sorted(keys)]

    def fork(self, path: Path, changed: str) -> int:
        pid = os.fork()
        if pid:
            return pid
        code = KILLED
        try:
            silence()
            code = self.outcome(path, changed)
        finally:
            os._exit(code)


def elsewhere(folder: Path, path: Path, changed: str) -> int:
    """Run the tests on a mutant in a new process, in a copy of the project."""
    target = folder / path.relative_to(ROOT)
    target.write_text(changed, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header"]
    package = path.relative_to(ROOT).parts[0]
    try:
        for tests in (QUICK[package], TESTS[package]):
            run = subprocess.run(
                [sys.executable, "-m", "pytest", *options, *tests],
                cwd=folder,
                env=environment,
                capture_output=True,
                timeout=SLOW,
            )
            if run.returncode:
                return KILLED
    except subprocess.TimeoutExpired:
        return KILLED
    finally:
        target.write_text(path.read_text("utf-8"), "utf-8")
    return SURVIVED


# -- All of them -----------------------------------------------------------------------------------


class Mutants:
    """The pytest plugin that runs mutants rather than tests."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.tried: Counter[str] = Counter()
        self.survived: Counter[str] = Counter()

    def pytest_configure(self) -> None:
        import hypothesis

        # A failing example is enough: nobody reads the smallest one.
        phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
        hypothesis.settings.register_profile(
            "mutants", phases=phases, database=None, derandomize=True
        )
        hypothesis.settings.load_profile("mutants")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            FAILED.append(report.longreprtext)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        drawn = [(path, m) for path in self.options.files for m in mutants(path)]
        if self.options.again:
            known = survivors(self.options.again.read_text("utf-8"))
            drawn = [(path, m) for path, m in drawn if change(path, mutated(path, m)) in known]
        if self.options.imports:
            drawn = [(path, m) for path, m in drawn if runs_at_import(path, mutated(path, m))]
        total = len(drawn)
        if 0 < self.options.sample < total:
            drawn = random.Random(self.options.seed).sample(drawn, self.options.sample)
        say(f"{len(drawn)} of {total} mutants; {len(session.items)} tests")
        if self.options.imports:
            later = [(path, str(mutated(path, m))) for path, m in drawn]
        else:
            trial = Trial(session.items, in_a_fork(learn, session.items), self.options.seconds)
            gc.collect()
            gc.freeze()
            later = self.forks(trial, drawn)
        say(f"{len(later)} change what runs at import: a new process for each")
        with tempfile.TemporaryDirectory() as scratch:
            self.processes(Path(scratch), later)
        for name in sorted(self.tried):
            n, alive = self.tried[name], self.survived[name]
            say(f"{name:32} {n - alive:4} of {n:4} killed")
        n, alive = self.tried.total(), self.survived.total()
        say(f"{n - alive} of {n} mutants killed: {(n - alive) / n:.1%}")
        return True

    def forks(self, trial: Trial, drawn: list[Any]) -> list[tuple[Path, str]]:
        """Try each mutant in a fork; return those that need a process of their own."""
        later, running, left = [], {}, list(reversed(drawn))
        while left or running:
            while left and len(running) < self.options.jobs:
                path, mutant = left.pop()
                changed = mutated(path, mutant)
                if changed is not None:
                    running[trial.fork(path, changed)] = path, changed
            if not running:
                break
            pid, status = os.wait()
            path, changed = running.pop(pid)
            code = os.waitstatus_to_exitcode(status)
            if code == ELSEWHERE:
                later.append((path, changed))
            else:
                self.count(path, changed, code)
        return later

    def processes(self, scratch: Path, later: list[tuple[Path, str]]) -> None:
        def work(k: int) -> None:
            folder = scratch / str(k)
            ignored = shutil.ignore_patterns(".venv", "demo", ".*_cache", "__pycache__")
            shutil.copytree(ROOT, folder, ignore=ignored)
            (folder / ".venv").symlink_to(ROOT / ".venv")
            while later:
                with contextlib.suppress(IndexError):
                    path, changed = later.pop()
                    self.count(path, changed, elsewhere(folder, path, changed))

        threads = [threading.Thread(target=work, args=(k,)) for k in range(self.options.jobs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def count(self, path: Path, changed: str, code: int) -> None:
        name = str(path.relative_to(ROOT))
        self.tried[name] += 1
        if code == SURVIVED:
            self.survived[name] += 1
            say(f"survived:\n{difference(path, changed)}\n")
        if self.tried.total() % 100 == 0:
            say(f"{self.tried.total()} tried, {self.survived.total()} survived")


def in_a_fork(f: Any, *args: Any) -> Any:
    """Return what a function gives, and leave no trace of its run in this process."""
    with tempfile.NamedTemporaryFile() as file:
        pid = os.fork()
        if not pid:
            code = 1
            silence()
            try:
                Path(file.name).write_bytes(pickle.dumps(f(*args)))
                code = 0
            except SystemExit as stop:
                say(str(stop))
            finally:
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        if status:
            pytest.exit("there is nothing to compare mutants with", 1)
        return pickle.loads(Path(file.name).read_bytes())


def silence() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def say(text: str) -> None:
    os.write(OUT, f"{text}\n".encode())


OUT = os.dup(1)


def main() -> None:
    """Draw mutants, run them, print the survivors and the count for each file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=Path, help="all of the package by default")
    parser.add_argument("--package", choices=sorted(TESTS), default="autograd")
    parser.add_argument("--sample", type=int, default=0, help="how many, drawn at random; 0 is all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--again", type=Path, help="what a run printed: try its survivors")
    parser.add_argument("--imports", action="store_true", help="changes at import alone")
    parser.add_argument("--seconds", type=float, default=25.0, help="of tests for each mutant")
    options = parser.parse_args()
    FOLDER[0] = str(ROOT / options.package)
    every = [p for p in sorted(Path(FOLDER[0]).rglob("*.py")) if p.name != "symbol.py"]
    options.files = [p.resolve() for p in options.files] or every
    tests = [*TESTS[options.package], options.package]
    arguments = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    if options.package == "nn":  # its slow tests train for many seconds
        arguments += ["-m", "not slow and not long"]
    os.chdir(ROOT)
    raise SystemExit(pytest.main(arguments, plugins=[Mutants(options)]))


if __name__ == "__main__":
    main()
