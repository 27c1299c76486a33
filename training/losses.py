"""The joint loss: a weighted sum of the four heads' losses."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from hudna.modeling import HudnaOutput
from training.collation import Targets
from training.config import LossConfig


def joint_loss(output: HudnaOutput, targets: Targets, weights: LossConfig) -> tuple[Tensor, dict[str, Tensor]]:
    """Mean cross-entropy an item of each head, and their weighted sum.

    The claimant head's items are the true pairs of claim and actor: one pair in twenty is true, and a mean over all of
    them would teach the head to say no.

    With soft labels, each head's loss is mixed with its cross-entropy with them.

    A head with nothing to judge in this batch contributes 0, and still has a (zero) gradient, as distributed
    training demands of every parameter.

    Returns:
        The scalar to minimise, and each head's loss, detached, by name.
    """
    parts = head_losses(output, targets.actor_tags, targets.claim_tags, targets.sides, targets.claimants)
    if targets.soft is not None:
        soft = head_losses(output, **vars(targets.soft))
        parts = {name: torch.lerp(part, soft[name], weights.soft) for name, part in parts.items()}
    total = torch.stack([getattr(weights, name) * part for name, part in parts.items()]).sum()
    return total, {name: part.detach() for name, part in parts.items()}


def head_losses(output: HudnaOutput, actor: Tensor, claim: Tensor, side: Tensor, claimant: Tensor) -> dict[str, Tensor]:
    """Each head's loss by name, from labels or from probabilities of labels.

    Args:
        output: of the model.
        actor: tags, *shape* (words,), or their probabilities, *shape* (words, tags).
        claim: the same for claims.
        side: sides, *shape* (actors,), or their probabilities, *shape* (actors, sides).
        claimant: whether, or how probably, the actor makes the claim. *Shape:* (links,)
    """
    claimant = claimant.float()
    links = F.binary_cross_entropy_with_logits(output.claimant_logits.float(), claimant, reduction="sum")
    return {
        "actor": _cross_entropy(output.actor_logits, actor),
        "claim": _cross_entropy(output.claim_logits, claim),
        "side": _cross_entropy(output.side_logits, side),
        "claimant": links / claimant.sum().clamp(min=1.0),
    }


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return F.cross_entropy(logits.float(), targets, reduction="sum") / max(len(targets), 1)
