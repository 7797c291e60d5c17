"""Linear layers in float32 on a CPU, through oneDNN.

torch multiplies float32 matrices with MKL, which is not the fastest on every processor: the whole run with oneDNN is
1.75 times as fast on this project's AMD EPYC (benchmarks/reward/RESULTS.md). The sums are of the same numbers in
another order. oneDNN's operator is torch's own, the one that torch.compile uses, but not documented: so it is tried
first, and without it the layers stay as they are.
"""

from typing import Any

import torch

_PROBE = (5, 7, 3)


class OneDnnLinear(torch.nn.Module):  # type: ignore[misc]
    """A linear layer whose weights lie in oneDNN's own order."""

    def __init__(self, linear: torch.nn.Linear) -> None:
        super().__init__()
        self._weights = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach(), None)
        self._bias = None if linear.bias is None else linear.bias.detach()

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """As torch.nn.Linear."""
        found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(values, self._weights, self._bias, "none", [], "")
        return found


def use_onednn(module: Any) -> int:
    """Replace the float32 linear layers below a module, in place; how many: 0 where oneDNN cannot be used."""
    if not works():
        return 0
    replaced = 0
    for name, child in module.named_children():
        if type(child) is torch.nn.Linear and child.weight.dtype == torch.float32 and child.weight.device.type == "cpu":
            setattr(module, name, OneDnnLinear(child))
            replaced += 1
        else:
            replaced += use_onednn(child)
    return replaced


def works() -> bool:
    """Whether this build of torch has the operator and it multiplies as it should."""
    if not torch.backends.mkldnn.is_available():
        return False
    n, width, out = _PROBE
    values = torch.arange(n * width, dtype=torch.float32).reshape(n, width) / 10
    linear = torch.nn.Linear(width, out)
    with torch.inference_mode():
        try:
            found = OneDnnLinear(linear)(values)
        except (AttributeError, RuntimeError, NotImplementedError, TypeError):
            return False
        return bool(torch.allclose(found, linear(values), atol=1e-5))
