"""The demo model is made without the chatter of other packages."""

import sys

import pytest

from scripts.make_demo_model import main, quiet


def test_notes_of_other_packages_stay_off_the_terminal(capsys):
    with quiet():
        sys.stderr.write("100%|####|")
    assert capsys.readouterr().err == ""


def test_when_it_fails_everything_is_said(capsys):
    with pytest.raises(OSError, match="disk full"), quiet():
        sys.stderr.write("what led to it")
        raise OSError("disk full")
    assert capsys.readouterr().err == "what led to it"


def test_a_model_is_announced_in_our_own_words_alone(tmp_path, capfd):
    pytest.importorskip("torch", reason="the light variant makes no models")
    assert main(["--output", str(tmp_path), "--tiny", "tiny"]) == 0
    said = capfd.readouterr()
    (line,) = said.out.splitlines()
    assert line.startswith(f"{tmp_path}/tiny: made in ")
    assert line.endswith("Submit it as local/tiny")
    assert said.err == ""
    assert main(["--output", str(tmp_path), "--tiny", "tiny"]) == 0
    assert capfd.readouterr().out == f"{tmp_path}/tiny is there already.\n"
