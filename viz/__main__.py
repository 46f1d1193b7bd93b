"""The command line: ``python -m viz draw "J = 3*(a + b*c)" a=5 b=3 c=2 -o J.svg``."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any

import numpy as np

from viz.drawing import DIRECTIONS, ENGINES, draw
from viz.expression import ExpressionError, run
from viz.extract import NotDrawable, elementwise, leaf
from viz.render.dot import EngineError
from viz.theme import NAMES

__all__ = ["main"]

_EXAMPLE = 'python -m viz draw "u = b*c; J = 3*(a + u)" a=5 b=3 c=2 -o J.svg'


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return the exit code: 0 done, 1 it could not be, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="python -m viz", description="Draw computation graphs.", epilog=f"Example: {_EXAMPLE}"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    drawing = commands.add_parser(
        "draw",
        help="draw an expression with its values and derivatives",
        description="Compute an expression, differentiate it, and draw both passes. "
        f"Functions: {', '.join(sorted(elementwise()))}.",
        epilog=f"Example: {_EXAMPLE}",
    )
    drawing.add_argument("expression", help='such as "J = 3*(a + b*c)"; statements end with ;')
    drawing.add_argument("values", nargs="*", metavar="name=value", help="such as a=5")
    drawing.add_argument(
        "-o", "--output", help="file to write (.svg .dot .json .txt); without it, text is printed"
    )
    drawing.add_argument("--theme", choices=NAMES, default="light")
    drawing.add_argument("--engine", choices=ENGINES, default="auto")
    drawing.add_argument("--direction", choices=DIRECTIONS, default="both")
    drawing.add_argument("--constants", action="store_true", help="draw constants as cards")
    options = parser.parse_args(arguments)
    try:
        return _draw(options)
    except (ExpressionError, NotDrawable, EngineError, OSError, ValueError) as error:
        print(f"viz: {error}", file=sys.stderr)
        return 1


def _draw(options: argparse.Namespace) -> int:
    pairs = [_assignment(word) for word in options.values]
    given = dict(pairs)
    if len(given) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice}: given a value twice; give it once.")
    with np.errstate(all="ignore"):  # infinities and NaN are shown in the picture
        program = run(options.expression, given, elementwise())
        unused = sorted(set(given) - program.used)
        if unused:
            raise ValueError(f"{', '.join(unused)}: given a value, but not in the expression.")
        for name, value in program.names.items():
            if hasattr(value, "named") and not _is_given(value, given):
                value.named(name)
        result = program.result
        if not getattr(result, "requires_grad", False):
            raise NotDrawable("no variables in the expression, so nothing to differentiate.")
        result.backward()
        picture = draw(
            result,
            theme=options.theme,
            engine=options.engine,
            direction=options.direction,
            constants=options.constants,
        )
    if options.output is None:
        print(picture.text, end="")
    else:
        print(f"wrote {picture.save(options.output)}")
    return 0


def _is_given(value: Any, given: dict[str, Any]) -> bool:
    return any(value is x for x in given.values())


def _assignment(word: str) -> tuple[str, Any]:
    name, equals, number = word.partition("=")
    if not equals or not re.fullmatch(r"[^\W\d]\w*", name.strip()):
        raise ValueError(f"{word!r}: needs the form name=value, such as a=5.")
    try:
        return name.strip(), leaf(name.strip(), float(number))
    except ValueError:
        raise ValueError(f"{word!r}: {number!r} is not a number.") from None


if __name__ == "__main__":
    sys.exit(main())
