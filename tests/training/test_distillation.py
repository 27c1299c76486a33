from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from hudna.labels import LabelSet
from hudna.tagger import Tagger, load
from hudna.torch_engine import TorchEngine
from training.collation import collate, encode_rows
from training.config import Config, LossConfig
from training.corpus import load_corpus
from training.distillation import Teachers
from training.losses import head_losses, joint_loss
from training.train import train

CORPUS = Path(__file__).parents[1] / "data" / "corpus"


@pytest.fixture(scope="module")
def teachers(run_folder: Path, labels: LabelSet) -> Teachers:
    return Teachers([str(run_folder / "checkpoint")], labels, torch.device("cpu"))


def test_soft_labels_are_the_teachers_probabilities(run_folder: Path, labels: LabelSet, teachers: Teachers) -> None:
    teacher = load(run_folder / "checkpoint", backend="torch")
    assert isinstance(teacher.engine, TorchEngine)
    rows = load_corpus(CORPUS)["train"].to_list()[:2]
    examples = encode_rows(rows, teacher.windower, labels)
    inputs, targets = collate(examples, teachers)
    assert targets.soft is not None
    for part in (targets.soft.actor, targets.soft.claim, targets.soft.side):
        torch.testing.assert_close(part.sum(dim=-1), torch.ones(len(part)))
    with torch.inference_mode():
        output = teacher.engine.model(**inputs)
    torch.testing.assert_close(targets.soft.side, output.side_logits.softmax(dim=-1))
    torch.testing.assert_close(targets.soft.claimant, output.claimant_logits.sigmoid())
    # With soft labels alone, the teacher itself has nothing left to learn: its loss is their entropy.
    entropy = -(targets.soft.side * targets.soft.side.log()).sum() / len(targets.soft.side)
    torch.testing.assert_close(head_losses(output, **vars(targets.soft))["side"], entropy)
    mixed, hard = (
        joint_loss(output, t, LossConfig(soft=0.25)) for t in (targets, dataclasses.replace(targets, soft=None))
    )
    torch.testing.assert_close(mixed[1]["side"], 0.75 * hard[1]["side"] + 0.25 * entropy)


def test_a_student_comes_nearer_to_its_teacher(
    tmp_path: Path, run_folder: Path, labels: LabelSet, teachers: Teachers, make_config: Callable[..., Config]
) -> None:
    checkpoint = run_folder / "checkpoint"
    train(make_config(tmp_path / "alone", "seed=3"))
    train(make_config(tmp_path / "taught", "seed=3", f"train.teachers=[{checkpoint}]", "loss.soft=1.0"))
    rows = load_corpus(CORPUS)["train"].to_list()

    def distance(student: Tagger) -> float:
        inputs, targets = collate(encode_rows(rows, student.windower, labels), teachers)
        assert targets.soft is not None
        with torch.inference_mode():
            assert isinstance(student.engine, TorchEngine)
            return float(head_losses(student.engine.model(**inputs), **vars(targets.soft))["actor"])

    taught, alone = (load(tmp_path / name / "checkpoint", backend="torch") for name in ("taught", "alone"))
    assert distance(taught) < distance(alone)


def test_teachers_with_other_labels(run_folder: Path, labels: LabelSet) -> None:
    other = dataclasses.replace(labels, kinds=("call",))
    with pytest.raises(ValueError, match="has other labels than the corpus"):
        Teachers([str(run_folder / "checkpoint")], other, torch.device("cpu"))
