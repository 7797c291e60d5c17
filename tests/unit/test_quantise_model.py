"""Rounding a model's weights: on how many values they end, how far they move, what stays, what a copy says."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from scripts.quantise_model import GROUP, main, round_groups
from tests.models import tiny_model


@given(bits=st.integers(2, 8), columns=st.integers(1, 3 * GROUP), seed=st.integers(0, 100))
def test_groups_end_on_few_values_and_move_by_half_a_step_at_most(bits, columns, seed):
    tensor = torch.randn(3, columns, generator=torch.Generator().manual_seed(seed))
    found = round_groups(tensor, bits)
    assert found.shape == tensor.shape
    for old, new in zip(tensor.split(GROUP, dim=-1), found.split(GROUP, dim=-1), strict=True):
        step = (old.amax(dim=-1) - old.amin(dim=-1)) / (2**bits - 1)
        assert ((old - new).abs() <= step[:, None] / 2 + 1e-5).all()
        assert max(len(row.unique()) for row in new) <= 2**bits


def test_equal_weights_stay_as_they_are():
    tensor = torch.full((2, 5), 0.25)
    assert torch.equal(round_groups(tensor, 2), tensor)


def test_a_copy_runs_as_the_model_and_says_what_was_done(tmp_path):
    model = tiny_model(tmp_path / "tiny")
    assert main([str(model), "--bits", "3", "--output", str(tmp_path / "copy")]) == 0
    old, new = load_file(model / "model.safetensors"), load_file(tmp_path / "copy" / "model.safetensors")
    assert old.keys() == new.keys()
    changed = {name for name in old if not torch.equal(old[name], new[name])}
    assert changed
    assert not [name for name in changed if "embed" in name or "norm" in name]
    assert (tmp_path / "copy" / "config.json").read_bytes() == (model / "config.json").read_bytes()
    assert "rounded to 3 bits" in (tmp_path / "copy" / "README.md").read_text()


def test_a_folder_without_weights_is_refused(tmp_path, capsys):
    assert main([str(tmp_path), "--output", str(tmp_path / "copy")]) == 2
    assert "has no model.safetensors" in capsys.readouterr().err


def test_other_bits_are_refused(tmp_path):
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--bits", "1", "--output", str(tmp_path / "copy")])
