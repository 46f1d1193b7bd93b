"""Run the notebooks' cells in order and keep what they print and draw.

    python docs/notebooks.py

No Jupyter is needed: a cell's outputs are what it prints, the value of its last expression, and the
figures that it leaves open.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "notebooks"


def run(code: str, space: dict[str, Any], name: str) -> tuple[str, Any]:
    """Run a cell; return what it printed and the value of its last expression, or None."""
    tree = ast.parse(code, name)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed, value = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, name, "exec"), space)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), name, "eval"), space)
    return printed.getvalue(), value


def figures() -> list[dict[str, Any]]:
    """Return the open figures as outputs, and close them."""
    import matplotlib.pyplot as plt

    found = []
    for number in plt.get_fignums():
        content = io.BytesIO()
        plt.figure(number).savefig(content, format="png", dpi=90, metadata={"Software": None})
        png = base64.b64encode(content.getvalue()).decode()
        found.append({"output_type": "display_data", "metadata": {}, "data": {"image/png": png}})
    plt.close("all")
    return found


def outputs(text: str, value: Any, count: int) -> list[dict[str, Any]]:
    """Return what a notebook keeps of a cell."""
    found: list[dict[str, Any]] = []
    if text:
        lines = text.splitlines(keepends=True)
        found.append({"output_type": "stream", "name": "stdout", "text": lines})
    bundle = getattr(value, "_repr_mimebundle_", None)
    if bundle is not None:
        data = {kind: content.splitlines(keepends=True) for kind, content in bundle().items()}
        found.append(
            {
                "output_type": "execute_result",
                "execution_count": count,
                "metadata": {},
                "data": data,
            }
        )
    return found + figures()


def execute(path: Path) -> str:
    """Return a notebook with the outputs that its cells have today."""
    import matplotlib as mpl

    mpl.use("Agg")
    figures()  # closes what others have left open
    notebook = json.loads(path.read_text("utf-8"))
    space: dict[str, Any] = {"__name__": "__main__"}
    count = 0
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            count += 1
            text, value = run("".join(cell["source"]), space, f"{path.name}[{count}]")
            cell["outputs"], cell["execution_count"] = outputs(text, value, count), count
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for path in sorted(FOLDER.glob("*.ipynb")):
        path.write_text(execute(path), "utf-8")
        print(path.relative_to(FOLDER.parents[1]))
