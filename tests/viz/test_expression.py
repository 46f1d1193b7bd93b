"""The expression parser and the command line."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import time
import tracemalloc
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import autograd
from viz.__main__ import main
from viz.engine import functions
from viz.expression import DEPTH, LIMIT, ExpressionError, run

VALUES = {"a": 5.0, "b": 3.0, "c": 2.0}
FUNCTIONS = {"max": max, "neg": lambda x: -x}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3*(a + b*c)", 33),
        ("a - b - c", 0),
        ("a / b / c", 5 / 6),
        ("2^3^2", 512),
        ("2**-1", 0.5),
        ("-a^2", -25),
        ("-a*b", -15),
        ("(-a)^2", 25),
        ("a*-b", -15),
        ("--a", 5),
        ("+a", 5),
        ("1.5e2 + .5 + 2.", 152.5),
        ("max(a, b) + neg(c)", 3),
        ("u = b*c; v = a + u; 3*v", 33),
        ("u = b*c\n3*(a + u)\n", 33),
    ],
)
def test_arithmetic_has_the_usual_precedence(text, expected) -> None:
    assert run(text, VALUES, FUNCTIONS).result == expected


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("3*(a + b*d)", 9, "unknown name 'd'; give it a value, such as d=1"),
        ("3*(a + b*c", 2, r"expected \) to close this one"),
        ("3*(a + )", 7, r"expected a number, a name or \(, found '\)'"),
        ("a $ b", 2, r"unexpected character '\$'"),
        ("a b", 2, "expected an operator, found 'b'"),
        ("a + ", 4, "found the end"),
        ("", 0, "found nothing"),
        (";;", 2, "found nothing"),
        ("foo(a)", 0, "unknown function 'foo'; there are max, neg"),
        ("max", 0, r"max is a function; write max\(…\)"),
        ("max(a b)", 6, r"expected , or \)"),
        ("a = 3", 0, "a already has a value"),
        ("max = 3", 0, "max is a function"),
        ("u = 1; u = 2", 7, "u already has a value"),
        ("1/0", 1, "division by zero"),
        ("(-8)^0.5", 4, "not a real number"),
        ("9^9^9^9", 3, "too large"),
        ("__import__('os')", 11, "unexpected character"),
        ("a.real", 1, r"unexpected character '\.'"),
        ("neg(a, b)", 0, "takes 1 positional argument"),
        ("u = b*c; a\n + + ;", 16, "found ';'"),
    ],
)
def test_a_mistake_is_reported_with_its_place(text, position, message) -> None:
    check_mistake(text, position, message, VALUES, FUNCTIONS)


def check_mistake(text, position, message, values, functions) -> None:
    with pytest.raises(ExpressionError, match=message) as caught:
        run(text, values, functions)
    assert caught.value.position == position
    line, caret = str(caught.value).splitlines()[-2:]
    start = text.rfind("\n", 0, position) + 1
    assert caret.index("^") == 2 + position - start
    assert line[2:] == text[start:].split("\n")[0]


ARRAYS = {"W": np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), "x": np.array([0.5, -1.0]), "a": 2.0}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("W.T @ x", ARRAYS["W"].T @ ARRAYS["x"]),
        ("-x[1]^2", -1.0),
        ("W[1, 2]", 6.0),
        ("W[-1][0]", 4.0),
        ("W[:, 1:]", ARRAYS["W"][:, 1:]),
        ("W[0, ::-1]", [3.0, 2.0, 1.0]),
        ("W[0:1, -2 : ]", [[2.0, 3.0]]),
        ("(W * 2).T[2]", [6.0, 12.0]),
        ("sum(W, axis=0)", [5.0, 7.0, 9.0]),
        ("sum(W, axis=-1, keepdims=True)", [[6.0], [15.0]]),
        ("sum(W, axis=None)", 21.0),
        ("sum(W.T[0], axis = 0)", 5.0),
    ],
)
def test_transposes_elements_and_options(text, expected) -> None:
    np.testing.assert_array_equal(run(text, ARRAYS, {"sum": np.sum}).result, expected)


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("x[0.5]", 2, "expected a whole number, found 0.5"),
        ("x[", 2, "expected a whole number or a range, such as 0 or 1:3"),
        ("x[a]", 2, "expected a whole number or a range"),
        ("x[0", 3, r"expected , or \]"),
        ("x[9]", 1, "index 9 is out of bounds"),
        ("W[0, 0, 0]", 1, "too many indices"),
        ("a.T", 1, "a number has no transpose"),
        ("x.t", 1, r"unexpected character '\.'"),
        ("x.Tx", 1, r"unexpected character '\.'"),
        ("sum(x, axis=0, axis=0)", 15, "axis is given twice"),
        ("sum(axis=0, x)", 12, "options come last"),
        ("sum(x, axis=a)", 12, "axis needs a whole number, True, False or None"),
        ("sum(x, axes=0)", 0, "unexpected keyword argument 'axes'"),
        ("sim(x)", 0, r"did you mean sum\?"),
        ("sum(X1)", 4, r"did you mean x1 or x\?"),
        ("x[1:2:3:4]", 7, r"expected , or \]"),
    ],
)
def test_a_mistake_in_an_index_or_an_option_has_its_place(text, position, message) -> None:
    check_mistake(text, position, message, {**ARRAYS, "x1": 1.0}, {"sum": np.sum})


def test_max_of_one_array_is_its_greatest_element(capsys) -> None:
    assert main(["draw", "J = max(x) + max(x[0], 7) - min(x)", "x=[1,5,2]"]) == 0
    out = capsys.readouterr().out
    assert "= 11" in out
    assert "[-1 1 0]" in out or "[−1 1 0]" in out


def test_depth_and_length_are_bounded() -> None:
    assert run("(" * (DEPTH - 2) + "a" + ")" * (DEPTH - 2), VALUES, {}).result == 5
    for deep in ("(" * 5000 + "a", "-" * 5000 + "a", "a" + "^a" * 1000):
        with pytest.raises(ExpressionError, match="nested more than"):
            run(deep, VALUES, {})
    assert run("a" + "+a" * 4000, VALUES, {}).result == 5 * 4001
    with pytest.raises(ExpressionError, match="longer than"):
        run("a" * (LIMIT + 1), VALUES, {})


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="abcmax()+-*/^,=;. 0123456789e\n$'\"é[]:.T", max_size=60))
def test_any_text_gives_a_number_or_an_error_with_a_place(text) -> None:
    try:
        outcome = run(text, VALUES, FUNCTIONS).result
    except ExpressionError as error:
        outcome = error
    if isinstance(outcome, ExpressionError):
        assert 0 <= outcome.position <= len(text)
    else:
        assert isinstance(outcome, float)


# -- the command line ------------------------------------------------------------------------------


def test_draw_writes_the_lectures_picture(tmp_path, capsys) -> None:
    path = tmp_path / "J.svg"
    assert main(["draw", "J = 3*(a + b*c)", "a=5", "b=3", "c=2", "-o", str(path)]) == 0
    assert capsys.readouterr().out == f"wrote {path}\n"
    texts = ["".join(t.itertext()) for t in ET.parse(path).iter("{http://www.w3.org/2000/svg}text")]
    for shown in ("u = b · c", "v = a + u", "J = 3 · v", "33", "∂J/∂b = 6", "∂u/∂b = c = 2"):
        assert shown in texts


def test_without_a_file_the_steps_are_printed(capsys) -> None:
    assert main(["draw", "u = a*a; J = u + exp(a)", "a=0"]) == 0
    out = capsys.readouterr().out
    assert "u = a · a = 0" in out
    assert "∂J/∂a = 0 + 0 + 1 = 1 (3 paths)" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a*d", "a=1"], "unknown name 'd'"),
        (["a*2", "a=x"], "'x' is not a number"),
        (["a*2", "a"], "needs the form name=value"),
        (["a*2", "a=1", "b=2"], "b: given a value, but not in the expression"),
        (["2+2"], "no variables"),
        (["a*2", "a=1", "-o", "/nonexistent/J.svg"], "create it first"),
        (["a*2", "a=1", "-o", "J.bmp"], "endings"),
    ],
)
def test_mistakes_end_with_code_1_and_one_message(arguments, message, capsys) -> None:
    assert main(["draw", *arguments]) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.startswith("viz: ")
    assert captured.out == ""


def test_wrong_usage_ends_with_code_2_and_help_names_an_example() -> None:
    command = [sys.executable, "-m", "viz"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 2
    shown = subprocess.run([*command, "draw", "--help"], capture_output=True, check=True, text=True)
    assert "-o J.svg" in shown.stdout
    assert "sigmoid" in shown.stdout


def test_vectors_matrices_and_files_are_values(tmp_path, capsys) -> None:
    arguments = ["J = sum(tanh(W @ x) * y)", "W=[[1,2],[3,4]]", "x=[0.5, -0.25]", "y=2"]
    assert main(["draw", *arguments]) == 0
    out = capsys.readouterr().out
    # W x = (0, 0.5); ∂J/∂y = tanh 0.5 = 0.4621, ∂J/∂x = 2 Wᵀ (1, 1 − tanh² 0.5).
    assert "p1 = W @ x = [0 0.5]" in out
    assert "∂J/∂y = 0.4621" in out
    np.save(tmp_path / "w.npy", np.array([[1.0, 2.0], [3.0, 4.0]]))
    (tmp_path / "x.csv").write_text("0.5\n-0.25\n")
    files = [f"W={tmp_path / 'w.npy'}", f"x={tmp_path / 'x.csv'}", "y=2"]
    assert main(["draw", arguments[0], *files]) == 0
    assert capsys.readouterr().out == out


def test_the_expression_may_come_from_a_file_or_the_input(tmp_path, capsys, monkeypatch) -> None:
    text = "u = b*c\nv = a + u\nJ = 3*v\n"
    (tmp_path / "J.txt").write_text(text)
    assert main(["draw", "-f", str(tmp_path / "J.txt"), "a=5", "b=3", "c=2"]) == 0
    from_file = capsys.readouterr().out
    assert "∂J/∂b = 6" in from_file
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))
    assert main(["draw", "-f", "-", "a=5", "b=3", "c=2"]) == 0
    assert capsys.readouterr().out == from_file


def test_explain_derives_one_derivative(capsys, tmp_path) -> None:
    lecture = ["J = 3*(a + b*c)", "a=5", "b=3", "c=2"]
    assert main(["explain", *lecture, "--wrt", "b"]) == 0
    out = capsys.readouterr().out
    assert "∂J/∂b = ∂J/∂u · ∂u/∂b = 3 · 2 = 6, where ∂u/∂b = c = 2" in out
    assert "∂J/∂a" not in out
    assert main(["explain", *lecture, "--format", "latex"]) == 0
    assert r"\frac{\partial J}{\partial a}" in capsys.readouterr().out
    assert main(["explain", *lecture, "-o", str(tmp_path / "J.md")]) == 0
    assert "**Backward**" in (tmp_path / "J.md").read_text("utf-8")
    assert main(["explain", *lecture, "--wrt", "z"]) == 1
    assert "--wrt z: there are J, a, b, c" in capsys.readouterr().err


def test_play_writes_and_names_the_page(capsys, tmp_path) -> None:
    path = tmp_path / "J.html"
    assert main(["play", "J = sigmoid(w*x + b)", "w=0.5", "x=2", "b=-1", "-o", str(path)]) == 0
    assert capsys.readouterr().out == f"wrote {path}; open it in a browser\n"
    assert path.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert main(["play", "a*2", "a=1", "-o", str(tmp_path / "J.svg")]) == 1
    assert "needs the ending .html" in capsys.readouterr().err


def test_doctor_says_what_is_there(capsys) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert f"numpy        {np.__version__}" in out
    assert str(Path(autograd.__file__).parent) in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["J = tanh(W)", "W=[1,2]"], "write sum(...) or mean(...) around it"),
        (["sum(W)", "W=[1,2"], "is not a number, a list such as [1,2]"),
        (["sum(W)", "W=[[1],[2,3]]"], "the rows have different lengths"),
        (["sum(W)", "W=[[1],2]"], "the rows have different lengths"),
        (["ln(a)", "a=2"], "did you mean log?"),
        (["asin(a)", "a=0.5"], "did you mean arcsin?"),
        (["sum(W)", "W=__import__('os')"], "is not a number, a list"),
        (["sum(W)", "W=/nonexistent.npy"], "nonexistent.npy"),
        (["sum(W)", f"W=[{'1,' * 10_001}]"], "10001 elements are more than 10000"),
        (["sum(W @ x)", "W=[[1,2]]", "x=[1,2,3]"], "inner lengths 2 and 3 must agree"),
        ([], "needs an expression, such as"),
    ],
)
def test_mistakes_in_arrays_are_one_message(arguments, message, capsys) -> None:
    assert main(["draw", *arguments]) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


PIECES = ["a", "b", "x", "W", "max", "neg", "(", ")", "+", "-", "*", "/", "^", "**", "@", "=", ";"]
PIECES += [",", "1", "2.5", "1e9", "1e308", "0", " ", "\n", "é", "$", "'", "\\", "((((", "9^9^9"]


def test_a_hundred_thousand_texts_end_in_a_result_or_an_error_with_a_place() -> None:
    rng = random.Random(0)
    tracemalloc.start()
    began = time.process_time()
    results = lost = 0
    for _ in range(100_000):
        text = "".join(rng.choices(PIECES, k=rng.randint(1, 14)))
        try:
            run(text, VALUES, FUNCTIONS)
            results += 1
        except ExpressionError as error:
            lost += not 0 <= error.position <= len(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert not lost
    assert results > 500  # not all of them are mistakes
    assert peak < 10e6
    assert time.process_time() - began < 120


@pytest.mark.parametrize(
    ("expression", "shown"), [("-a^2", "= −9"), ("-a", "= −3"), ("-(a) + pi", "= 0.1416")]
)
def test_an_expression_may_begin_with_a_minus(expression: str, shown: str, capsys) -> None:
    assert main(["draw", expression, "a=3"]) == 0
    assert shown in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("c.npy", np.array([1j]), "holds an array of complex128; real numbers are needed"),
        ("s.npy", np.array(["a"]), "holds an array of <U1; real numbers are needed"),
        ("e.csv", "", "holds no numbers"),
        ("h.csv", "a,b\n1,2\n", "take out a line of headings"),
        ("r.csv", "1,2\n3\n", "give every row as many numbers"),
    ],
)
def test_a_file_without_an_array_of_real_numbers_is_refused(
    name: str, content: object, said: str, tmp_path, capsys
) -> None:
    path = tmp_path / name
    if isinstance(content, str):
        path.write_text(content)
    else:
        np.save(path, content)
    assert main(["draw", "sum(X)", f"X={path}"]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert name in error
    assert ".." not in error.replace(str(tmp_path), "")


def test_messages_of_the_command_line_say_what_to_do(tmp_path, capsys) -> None:
    for words, said in (
        (["draw", "a == b", "a=1", "b=2"], "there are no comparisons"),
        (["draw", "a=1", "J=a*a"], "The expression comes before the values"),
        (["draw", "-f", str(tmp_path / "nofile.txt")], "nofile.txt: No such file"),
        (["draw", "sum(outer(x, x)) + y", "x=[1,2]"], "unknown name 'y'"),
    ):
        assert main(words) == 1
        assert said in capsys.readouterr().err


def test_what_a_command_computes_has_no_line_of_ours() -> None:
    from viz.cards import view_of
    from viz.engine import functions, graph_of, leaf

    made = run("sum(a*b)", {"a": leaf("a", 2.0), "b": leaf("b", 3.0)}, functions()).result
    assert {n.source for n in view_of(graph_of(made)).nodes} == {""}


def test_a_command_says_what_is_broken_without_being_asked(capsys) -> None:
    words = ["draw", "J = sum((a - b)**2)", "a=[1,2,3]", "b=[[1],[2],[3]]"]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "u: (3,) − (3, 1) → (3, 3). a and b have equally many elements" in said
    assert ".py:" not in said
    assert main([*words, "--no-health"]) == 0
    assert "equally many" not in capsys.readouterr().out


def test_values_may_stand_after_options(tmp_path, capsys) -> None:
    path = tmp_path / "J.svg"
    for words in (
        ["J = a*b", "--health", "a=2", "b=3", "-o", str(path)],
        ["--health", "J = a*b", "a=2", "-o", str(path), "b=3"],
    ):
        assert main(["draw", *words]) == 0
        assert capsys.readouterr().out == f"wrote {path}\n"
    for words in (["draw", "J = a*b", "--wide", "a=2"], ["doctor", "a=2"]):
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
        assert "unrecognized arguments: " in capsys.readouterr().err


def test_what_no_derivative_reaches_is_said(capsys) -> None:
    assert main(["explain", "J = floor(a)*b", "a=2.5", "b=3"]) == 0
    captured = capsys.readouterr()
    assert "∂J/∂b = u = 2" in captured.out
    assert "∂J/∂a = ∂J/∂u · ∂u/∂a = 3 · 0 = 0" in captured.out
    assert not captured.err
    assert main(["draw", "u = a*b; K = a+b", "a=2", "b=3"]) == 0
    assert "K does not depend on u in a way" in capsys.readouterr().err
    assert main(["explain", "J = a", "a=2"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == "  ∂a/∂a = 1"
    assert not captured.err


def test_an_expression_may_call_every_function_of_each_element() -> None:
    known = functions()
    names = {n for n, o in autograd.OPS.items() if o.elementwise and n != "astype"}
    assert {"exp", "hypot", "sinc", "clip", "erfc", "softplus"} <= names
    assert names <= set(known)
    for name in ("sinc", "clip", "erfc", "nan_to_num", "round"):
        assert known[name] is autograd.OPS[name].record


def test_values_are_clipped_and_differentiated(capsys) -> None:
    assert main(["draw", "J = sum(clip(x, 0, 1) * x)", "x=[-1,0.5,3]"]) == 0
    out = capsys.readouterr().out
    assert "clip(x, 0, 1) = [0 0.5 1]" in out
    assert "∂J/∂x = [0 1 1] (2 paths)" in out
