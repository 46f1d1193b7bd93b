"""The clusters that a graph's nodes stand in, from the scopes they were made in."""

from __future__ import annotations

from typing import Any

from viz.text import clean

__all__ = ["Call", "clusters_of"]


class Call(str):
    """The innermost cluster of what one call of a composite function recorded: ``conv(X, K)``."""

    results: tuple[int, ...] = ()  # the ids of what it returns, in that order


def clusters_of(g: Any) -> list[tuple[str, ...]]:
    """Return each node's clusters: its scopes, calls told apart, leaves beside their only users."""
    scopes = _modules(g)
    if not g.program.calls:
        return scopes
    users: dict[int, set[int]] = {}
    for edge in g.edges:
        users.setdefault(edge.parent, set()).add(edge.child)
    taken: dict[tuple[str, ...], int] = {}
    for call in g.program.calls:
        around = scopes[call.results[-1]]
        title = f"{call.name}({_operands(g, call)})"
        path = (*around, title)
        taken[path] = number = taken.get(path, 0) + 1
        own = Call(f"{title} ({number})" if number > 1 else title)
        own.results = call.results
        given = {k for i in call.inside for k in g.nodes[i].parents} - call.inside
        alone = {k for k in given if _is_number(g.nodes[k]) and users[k] <= call.inside}
        for i in call.inside | alone:
            scopes[i] = (*around, own)
    return scopes


def _is_number(node: Any) -> bool:
    """Whether it is a constant without a name."""
    return node.kind == "constant" and node.name is None


def _operands(g: Any, call: Any) -> str:
    """Return a call's arguments in their order: names and numbers, … for an array without one."""

    def written(x: Any) -> str:
        if isinstance(x, list):
            inner = [word for one in x if (word := written(one))]
            arrays = any(isinstance(one, int) for one in x)
            return f"[{', '.join(inner)}]" if arrays else ""  # only numbers: a setting
        if not isinstance(x, int):
            return clean(x or "", 20)
        return "…" if x < 0 or _is_number(g.nodes[x]) else clean(g.nodes[x].label, 20)

    words = [f"{name}={word}" if name else word for name, x in call.given if (word := written(x))]
    return ", ".join([*words[:4], *["…"] * (len(words) > 4)])


def _modules(g: Any) -> list[tuple[str, ...]]:
    """Return the same without calls."""
    if not any(node.scope for node in g):
        return [()] * len(g)
    scopes = [tuple([clean(s) for s in node.scope]) for node in g]
    users: dict[int, list[int]] = {}
    for edge in g.edges:
        users.setdefault(edge.parent, []).append(edge.child)
    scopes = _calls(g, scopes)
    for node in g:
        own = users.get(node.id)
        # A parameter stands in its module; what else was made outside of a scope stays outside.
        if own and (node.is_parameter or (node.kind == "constant" and node.name is None)):
            common = scopes[own[0]]
            for user in own[1:]:
                common = _common(common, scopes[user])
            scopes[node.id] = common
    return scopes


def _common(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
    n = 0
    while n < min(len(a), len(b)) and a[n] == b[n]:
        n += 1
    return a[:n]


def _calls(g: Any, scopes: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Tell apart the calls of a module whose output comes back into it, as in a loop over time."""
    depth = max((len(s) for s in scopes), default=0)
    for level in range(depth):
        paths = {s[: level + 1] for s in scopes if len(s) > level}
        for path in sorted(paths):
            call = [0] * len(scopes)  # inside: the number of the call; outside: calls left behind
            for node in g:
                inside = scopes[node.id][: level + 1] == path
                for p in node.parents:
                    was_inside = scopes[p][: level + 1] == path
                    call[node.id] = max(call[node.id], call[p] + (was_inside and not inside))
            within = [i for i, s in enumerate(scopes) if s[: level + 1] == path]
            if any(call[i] for i in within):
                titles = _titles(g, path[level], {i: call[i] for i in within})
                scopes = [
                    (*s[:level], titles[call[i]], *s[level + 1 :]) if s[: level + 1] == path else s
                    for i, s in enumerate(scopes)
                ]
    return scopes


def _titles(g: Any, name: str, calls: dict[int, int]) -> dict[int, str]:
    """Return what each call of a module is titled.

    Calls of one module use the same parameters; a call with parameters of its own is one of another
    module, of the same name in another network.
    """
    used: dict[int, set[int]] = {k: set() for k in sorted(set(calls.values()))}
    for i, k in calls.items():
        used[k] |= {p for p in g.nodes[i].parents if g.nodes[p].kind == "leaf"}
    modules: list[tuple[set[int], list[int]]] = []  # parameters, and the calls that use them
    for k, leaves in used.items():
        same = next((m for m in modules if not leaves or not m[0] or m[0] & leaves), None)
        if same is None:
            modules.append((set(leaves), [k]))
        else:
            same[0].update(leaves)
            same[1].append(k)
    titles = {}
    for m, (_, numbers) in enumerate(modules):
        title = name if not m else f"{name} ({m + 1})"
        for j, k in enumerate(numbers):
            titles[k] = f"{title}, call {j + 1}" if len(numbers) > 1 else title
    return titles
