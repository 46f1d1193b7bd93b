"""Refuse to run on another distribution's `autograd`, which has the same import name as ours."""

from __future__ import annotations

import autograd

if getattr(autograd, "__distribution__", None) != "retrograd":
    raise ImportError(
        f"nn: needs the package 'autograd' of the distribution 'retrograd', but "
        f"{autograd.__file__} belongs to another distribution. Put it right with\n"
        "    python -m pip uninstall autograd\n"
        "    python -m pip install --force-reinstall .\n"
        "in the folder of retrograd's source (it is on no package index; a package of that name "
        "there is somebody else's)."
    )
