#!/bin/sh
# Fill a virtual environment with the locked packages, but another NumPy: environment.sh DIR NUMPY
set -eu
bin="$1/bin/python"
sed -e '/^ *--hash/d' -e 's/ *\\$//' -e '/^numpy==/d' requirements.lock > "$1/others.txt"
"$bin" -m pip install -qq --disable-pip-version-check --no-deps -r "$1/others.txt"
"$bin" -m pip install -qq --disable-pip-version-check --no-deps --upgrade "$2"
"$bin" -m pip install -qq --disable-pip-version-check --no-build-isolation --no-deps --editable .
