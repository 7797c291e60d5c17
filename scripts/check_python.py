"""Stop `make` early, with words, on a Python that cannot run this project."""

import importlib.util
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this is the file that an older Python runs
    sys.exit("Python " + sys.version.split()[0] + " is too old; 3.11 or newer is needed: make run PYTHON=python3.11")
if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
    sys.exit("This Python has no venv module. On Debian or Ubuntu: apt-get install -y python3-venv")
