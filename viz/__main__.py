"""The command line: ``python -m viz draw "J = 3*(a + b*c)" a=5 b=3 c=2 -o J.svg``."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import io
import platform
import re
import shutil
import sys
import traceback
import warnings
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from viz import __version__
from viz.doctor import diagnose, unknown
from viz.drawing import Drawing, draw
from viz.engine import (
    NotDrawable,
    check_derivation,
    differentiated,
    engine,
    functions,
    graph_of,
    is_recorded,
    last_of,
    leaf,
    unreached,
)
from viz.explain import explain
from viz.expression import LIMIT, ExpressionError, Program, run
from viz.fit import rows_or_why
from viz.formats import FORMATS
from viz.heat import ARRAYS
from viz.notation import NOTATIONS
from viz.render.dot import EngineError
from viz.theme import NAMES
from viz.view import GraphView
from viz.views import DIRECTIONS, ENGINES, checked_rows

__all__ = ["main"]

_EXAMPLE = 'python -m viz draw "u = b*c; J = 3*(a + u)" a=5 b=3 c=2 -o J.svg'
_EXAMPLES = f"""examples:
  {_EXAMPLE}
  python -m viz draw "J = sum(tanh(W.T @ x))" W=[[1,2],[3,4]] x=[0.1,-0.2] --health
  python -m viz explain "J = 3*(a + b*c)" a=5 b=3 c=2 --wrt b --format latex
  python -m viz play "J = sigmoid(w*x + b)" w=0.5 x=2 b=-1
  python -m viz draw "J = sum(tanh(W.T @ x))" W=[[1,2],[3,4]] x=[0.1,-0.2] --fit slide -o J.png
  python -m viz check my_backprop.py
  python -m viz doctor"""
_MOST = 10_000  # elements of a value
_BYTES = 10_000_000  # of a file of values
_BYTES_OF_VIEW = 100_000_000
_CARDS = 150  # the greatest number, by default


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return the exit code: 0 done, 1 it could not be, 2 wrong usage."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["check"]:
        return check_derivation(words)
    for stream in (sys.stdout, sys.stderr):  # a terminal without our signs gets escapes
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    parser = _parser()
    options, more = parser.parse_known_args([_positional(word) for word in words])
    # argparse gives positionals after an option back; values are known by their form.
    if options.command == "doctor" or not all(re.match(r"\s*[^\W\d]\w*\s*=", w) for w in more):
        if more:
            parser.error(f"unrecognized arguments: {' '.join(more)}; see {options.command} --help")
    else:
        options.values += more
    if options.command == "doctor" and re.match(r"[^\W\d]\w*\s*=", options.script or ""):
        parser.error(f"unrecognized arguments: {options.script}; see doctor --help")
    for name in ("output", "file"):  # what _positional kept from argparse
        given = getattr(options, name, None)
        if given is not None and given.startswith(" -"):
            setattr(options, name, given[1:])
    try:
        code: int = options.run(options)
        return code
    except (ExpressionError, NotDrawable, EngineError, OSError, ValueError) as error:
        print(f"viz: {error}", file=sys.stderr)
        return 1


def _positional(word: str) -> str:
    """Keep argparse from taking an expression such as -a^2 for an option."""
    return f" {word}" if re.match(r"-[^-ohf]|-[ohf]?[^\w./~-]", word) else word


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="retrograd" if Path(sys.argv[0]).stem == "retrograd" else "python -m viz",
        description="Draw computation graphs, derive their derivatives, play them step by step.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"retrograd {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    described = (
        f"Functions: {', '.join(sorted(functions()))}; with options such as axis=0.\n"
        "Of a matrix: W.T, W[0, 1:], W @ x."
    )

    def command(name: str, what: str, about: str, does: Any) -> argparse.ArgumentParser:
        made = commands.add_parser(
            name,
            help=what,
            description=about,
            epilog=f"{described}\n\n{_EXAMPLES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        made.set_defaults(run=does)
        return made

    drawing = command(
        "draw",
        "draw an expression with its values and derivatives",
        "Compute an expression, differentiate it, and draw both passes.",
        _draw,
    )
    drawing.add_argument(
        "-o",
        "--output",
        help="file to write, by its ending: "
        + ", ".join(f"{end} {kind.holds}" for end, kind in FORMATS.items())
        + "; without it, the steps are printed",
    )
    explaining = command(
        "explain",
        "derive the derivatives step by step",
        "Compute an expression and derive its derivatives by the chain rule, with numbers.",
        _explain,
    )
    explaining.add_argument(
        "--wrt", action="append", metavar="name", help="tell only the paths to this (repeatable)"
    )
    explaining.add_argument("--format", choices=("text", "markdown", "latex"))
    explaining.add_argument("-o", "--output", help="file to write (.txt .md .tex)")
    playing = command(
        "play",
        "write a page that plays the expression step by step",
        "Write one HTML file that plays both passes, and print its name.",
        _play,
    )
    playing.add_argument("-o", "--output", default="graph.html", help="by default graph.html")
    for made in (drawing, explaining, playing):
        made.add_argument(
            "expression",
            nargs="?",
            help='such as "J = 3*(a + b*c)"; statements end with ; or with a line'
            + ("" if made is explaining else "; or a picture saved as .json, to draw it again"),
        )
        made.add_argument(
            "values",
            nargs="*",
            metavar="name=value",
            help="a=5, x=[1,2,3], W=[[1,2],[3,4]], or a file: X=data.csv, W=w.npy",
        )
        made.add_argument("-f", "--file", help="read the expression from a file; - is the input")
    for made in (drawing, playing):
        made.add_argument("--theme", choices=NAMES, default="light")
        made.add_argument("--engine", choices=ENGINES, default="auto")
        made.add_argument("--direction", choices=DIRECTIONS, default="both")
        made.add_argument("--constants", action="store_true", help="draw constants as cards")
        made.add_argument(
            "--health",
            action=argparse.BooleanOptionalAction,
            help="mark gradients out of bounds too; --no-health says nothing of what is broken",
        )
        made.add_argument("--scalars", action="store_true", help="open tensors into their numbers")
        made.add_argument("--repeats", action="store_true", help="fold what repeats")
        made.add_argument("--depth", type=int, help="levels of modules to open")
        made.add_argument("--rows", type=int, help="cut a long picture into so many rows")
        made.add_argument(
            "--max-nodes", type=int, default=_CARDS, help="the greatest number of cards"
        )
        made.add_argument(
            "--fit",
            metavar="place",
            help="arrange it for slide, screen, notebook, column, page, phone, or 800x600",
        )
        made.add_argument("--notation", choices=NOTATIONS, default="plain")
        made.add_argument("--arrays", choices=ARRAYS, default="numbers")
    commands.add_parser(
        "check",
        help="check a backward pass that was derived by hand: see python -m autograd check",
        add_help=False,
    )
    checking = commands.add_parser(
        "doctor",
        help="run a script and say what is broken in its graphs; without one, what is installed",
        description="Run a Python script, and diagnose the tensors that it leaves behind: "
        "gradients that hold several passes, graphs that were cut, broadcasting, dead, identical "
        "or saturated units, gradients that vanish or explode, where NaN begins. Exit code 1 if "
        "there is one. Without a script: what is installed, and which engine draws.",
    )
    checking.add_argument("script", nargs="?", help="such as train.py")
    checking.add_argument("-o", "--output", help="draw what was diagnosed: see draw")
    checking.set_defaults(run=_doctor)
    return parser


# -- commands --------------------------------------------------------------------------------------


def _draw(options: argparse.Namespace) -> int:
    picture = _drawing(options)
    if options.output is None:
        print(picture.text, end="")
    else:
        print(f"wrote {picture.save(options.output)}")
    return 0


def _play(options: argparse.Namespace) -> int:
    target = Path(options.output)
    if target.suffix.lower() != ".html":
        raise ValueError(f"play: {target.name!r} needs the ending .html.")
    print(f"wrote {_drawing(options).save(target)}; open it in a browser")
    return 0


def _drawing(options: argparse.Namespace) -> Drawing:
    given = options.expression or ""
    if Path(given).suffix.lower() == ".json" and options.file is None and not options.values:
        return _of_view(Path(given), options)
    with np.errstate(all="ignore"):  # infinities and NaN are shown in the picture
        program, _ = _differentiated(options)
        return draw(
            program.result,
            theme=options.theme,
            engine=options.engine,
            direction=options.direction,
            constants=options.constants,
            health=options.health,
            depth=options.depth,
            repeats=options.repeats or None,
            scalars=options.scalars,
            max_nodes=options.max_nodes,
            rows=options.rows,
            fit=_place(options.fit),
            notation=options.notation,
            arrays=options.arrays,
        )


def _place(given: str | None) -> Any:
    """Return what `draw` takes as `fit`: a name, or the width and height of ``800x600``."""
    size = re.fullmatch(r"(\d+)\s*[x×]\s*(\d+)", given or "")
    return "auto" if given is None else (int(size[1]), int(size[2])) if size else given


_OF_GRAPH = (  # options
    *("direction", "constants", "health", "scalars", "repeats", "depth", "fit", "notation"),
    "arrays",
)


def _of_view(path: Path, options: argparse.Namespace) -> Drawing:
    """Draw a view again that was saved as .json, without the graph or the code that made it."""
    given = [(name, getattr(options, name)) for name in _OF_GRAPH]
    usual = ("both", "plain", "numbers")
    asked = [name for name, x in given if x is not None and x is not False and x not in usual]
    asked += ["max-nodes"] * (options.max_nodes != _CARDS)
    if asked:
        raise ValueError(
            f"--{asked[0]}: needs the graph, and {path.name} has only what is seen of it; take "
            "--theme, --engine and --rows."
        )
    if not path.is_file():
        raise OSError(f"{path}: there is no such file.")
    if path.stat().st_size > _BYTES_OF_VIEW:
        raise ValueError(f"{path.name}: more than {_BYTES_OF_VIEW:_} bytes.")
    view = GraphView.from_json(path.read_text(encoding="utf-8-sig"))
    if options.rows is not None:
        view = rows_or_why(replace(view, rows=checked_rows(options.rows)))
    return Drawing(view, theme=options.theme, engine=options.engine)


def _explain(options: argparse.Namespace) -> int:
    with np.errstate(all="ignore"):
        program, given = _differentiated(options)
        known = {**given, **program.names}
        for name in options.wrt or ():
            if name not in known:
                raise ValueError(f"--wrt {name}: there are {', '.join(sorted(known))}.")
        wrt = [known[name] for name in options.wrt] if options.wrt else None
        made = explain(program.result, wrt=wrt)
    if options.output is not None:
        ending = {"text": ".txt", "markdown": ".md", "latex": ".tex"}.get(options.format)
        if ending is not None and Path(options.output).suffix.lower() != ending:
            raise ValueError(
                f"--format {options.format}: {options.output!r} needs to end in {ending}."
            )
        print(f"wrote {made.save(options.output)}")
    else:
        kinds = {"text": made.text, "markdown": made.markdown, "latex": made.latex}
        print(kinds[options.format or "text"], end="")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    """Diagnose a script, or print what is there; the exit code is 1 where something is wrong."""
    if options.script is not None:
        return _diagnosed(options)
    if options.output is not None:
        raise ValueError("doctor --output: needs a script to draw something of.")
    lines = [("python", platform.python_version()), ("numpy", np.__version__)]
    for name in ("retrograd", "graphviz", "vl-convert-python", "pygraphviz", "matplotlib", "tqdm"):
        label = name.removesuffix("-python")
        try:
            lines.append((label, version(name)))
        except PackageNotFoundError:
            lines.append((label, "not installed"))
    lines += [(name, shutil.which(name) or "not on the path") for name in ("dot", "pdflatex")]
    ours = Path(__file__).resolve().parents[1]
    theirs = engine().parent
    lines += [("viz", str(ours / "viz")), ("autograd", str(engine()))]
    for name, value in lines:
        print(f"{name:12} {value}")
    print("engine auto is the built-in layout: the same pictures on every machine")
    if importlib.util.find_spec("vl_convert") is None and shutil.which("chromium") is None:
        print(".png and .pdf need pip install vl-convert-python, or Chromium")
    if ours != theirs:
        print("viz: autograd is another distribution's; uninstall it.", file=sys.stderr)
        return 1
    return 0


def _left_by(path: Path) -> dict[str, Any]:
    """Run a script as Python does, and return its variables, also where it exits."""
    space: dict[str, Any] = {"__name__": "__main__", "__file__": str(path)}
    words, folders = sys.argv, sys.path[:]
    sys.argv, sys.path[0:0] = [str(path)], [str(path.resolve().parent)]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what they say is said below, with the line
            exec(compile(path.read_bytes(), str(path), "exec"), space)
    except SystemExit:
        pass
    except Exception as error:
        places = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
        line = f", line {places[-1].lineno}" if places else ""
        raise ValueError(
            f"doctor: {path.name}{line} raised {type(error).__name__}: {error}"
        ) from error
    finally:
        sys.argv, sys.path[:] = words, folders
    return space


def _diagnosed(options: argparse.Namespace) -> int:
    """Run a script, and say what is broken in the results that it leaves behind."""
    path = Path(options.script)
    if not path.is_file():
        raise ValueError(f"doctor: there is no file {options.script!r}.")
    with differentiated() as costs:
        left = _left_by(path)
    named = {name: x for name, x in left.items() if is_recorded(x) and not x.is_leaf}
    if not named:  # it trains in functions
        named = {f"{Path(file).name}:{line}": x for (file, line), x in costs.items()}
    outputs = last_of(list(named.values()))
    if not outputs:
        raise ValueError(
            f"doctor: {path.name} calls no backward(), and leaves no result of a recorded "
            "computation in a variable of the module, such as J = ...; keep one there."
        )
    found = diagnose(*outputs)
    for finding in found:
        print(finding)
    if options.output is not None:
        print(f"wrote {draw(*outputs).save(options.output)}")
    missing = unknown(graph_of(*outputs, where="doctor"))
    if missing:
        print(missing)
    elif not found:
        names = [name for name, x in named.items() if any(x is y for y in outputs)]
        print(f"nothing found in what {', '.join(names)} was computed by")
    return bool(found or missing)


# -- expressions -----------------------------------------------------------------------------------


def _differentiated(options: argparse.Namespace) -> tuple[Program, dict[str, Any]]:
    """Compute the expression with its values, and differentiate its result."""
    text, values = options.expression, list(options.values)
    if options.file is not None:
        values = [text, *values] if text is not None else values
        text = sys.stdin.read(LIMIT + 1) if options.file == "-" else _read(Path(options.file))
    if text is None:
        raise ValueError(f"needs an expression, such as: {_EXAMPLE}")
    pairs = [_assignment(word) for word in values]
    given = dict(pairs)
    if len(given) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice}: given a value twice; give it once.")
    constants = {"pi": np.pi} if "pi" not in given else {}
    program = run(text, {**constants, **given}, functions())
    unused = sorted(set(given) - program.used)
    if unused:
        raise ValueError(f"{', '.join(unused)}: given a value, but not in the expression.")
    for name, value in program.names.items():
        if hasattr(value, "named") and not any(value is x for x in given.values()):
            value.named(name)
    result = program.result
    if not getattr(result, "requires_grad", False):
        raise NotDrawable("no variables in the expression, so nothing to differentiate.")
    if result.size != 1:
        raise NotDrawable(
            f"the result has shape {result.shape}; only a single number can be differentiated: "
            "write sum(...) or mean(...) around it."
        )
    result.backward()
    idle = unreached(result, {**given, **program.names})
    if idle:
        name = program.result_name or "the result"
        are = "these are" if len(idle) > 1 else "this is"
        print(
            f"viz: note: {name} does not depend on {', '.join(idle)} in a way that has a "
            f"derivative; {are} not in the graph.",
            file=sys.stderr,
        )
    return program, given


def _read(path: Path) -> str:
    try:
        with path.open(encoding="utf-8-sig") as file:
            return file.read(LIMIT + 1)  # more is refused; a device may never end
    except UnicodeDecodeError as error:
        raise ValueError(f"--file {path}: not text in UTF-8: {error.reason}.") from None
    except OSError as error:
        raise OSError(f"--file {path}: {error.strerror or error}.") from None


def _assignment(word: str) -> tuple[str, Any]:
    name, equals, value = word.partition("=")
    name = name.strip()
    if not equals or not re.fullmatch(r"[^\W\d]\w*", name):
        raise ValueError(f"{word!r}: needs the form name=value, such as a=5.")
    array = _array(word, value.strip())
    if array.size > _MOST:
        raise ValueError(f"{name}: {array.size} elements are more than {_MOST}; take a part of it.")
    return name, leaf(name, array)


def _array(word: str, value: str) -> Any:
    """Read a number, a list of numbers, or a file of them."""
    try:
        return np.float64(value)
    except ValueError:
        pass
    if Path(value).suffix.lower() in {".npy", ".csv", ".txt", ".tsv"}:
        path = Path(value)
        if path.exists() and not path.is_file():
            raise ValueError(f"{word!r}: {value} is no file of numbers.")
        if path.exists() and path.stat().st_size > _BYTES:
            raise ValueError(f"{word!r}: {value} has more than {_BYTES} bytes; take a part of it.")
        try:
            if path.suffix.lower() == ".npy":
                array = np.load(path, allow_pickle=False)
            else:
                separator = {".csv": ",", ".tsv": "\t"}.get(path.suffix.lower())
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # of an empty file, which is refused below
                    array = np.loadtxt(path, delimiter=separator)
        except (ValueError, MemoryError) as error:  # a header may claim any size
            why = str(error).splitlines()[0].split(";")[0].rstrip(".")
            raise ValueError(
                f"{word!r}: {value} holds no array of numbers: {why}; take out a line of headings, "
                "and give every row as many numbers."
            ) from None
        if array.dtype.kind not in "biuf" or not array.size:
            what = f"an array of {array.dtype}" if array.size else "no numbers"
            raise ValueError(f"{word!r}: {value} holds {what}; real numbers are needed.")
        return np.asarray(array, np.float64)
    try:
        array = np.array(ast.literal_eval(value), np.float64)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        if "inhomogeneous" in str(error):
            raise ValueError(
                f"{word!r}: the rows have different lengths; give every row as many numbers."
            ) from None
        raise ValueError(
            f"{word!r}: {value[:60]!r} is not a number, a list such as [1,2] or [[1,2],[3,4]] "
            "(in quotes where it has spaces), or a .csv, .tsv, .txt or .npy file. The expression "
            "comes before the values."
        ) from None
    return array


if __name__ == "__main__":
    sys.exit(main())
