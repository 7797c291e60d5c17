"""Find Chromium for the browser tests; install Debian's where that is possible, else say how to get it."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HELP = """Chromium is needed by the browser tests and was not found (looked for {names}).
  Debian, Ubuntu:  apt-get install -y chromium
  Fedora:          dnf install -y chromium
  macOS:           brew install --cask google-chrome, then link it as `google-chrome` on the PATH
Without a browser: {python} -m pytest -m "not browser"
"""


def main() -> int:
    """Exit code 0 when there is a browser afterwards."""
    if any(shutil.which(name) for name in NAMES):
        return 0
    if shutil.which("apt-get") and os.geteuid() == 0:
        sys.stdout.write("Installing Debian's chromium for the browser tests.\n")
        for command in (["apt-get", "update", "-q"], ["apt-get", "install", "-y", "-q", "chromium"]):
            subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
        if any(shutil.which(name) for name in NAMES):
            return 0
    sys.stderr.write(HELP.format(names=", ".join(NAMES), python=sys.executable))
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
