from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hudna.decoding import calibrate
from hudna.labels import LabelSet
from hudna.results import Actor, Analysis, Claim, Mention
from hudna.tagger import load
from training.calibrate import (
    Judged,
    best_threshold,
    bootstrap_interval,
    calibration_error,
    fit_scale,
    fit_temperature,
    judge,
)
from training.markdown import Article, parse_article

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "corpus"


def overconfident(n: int = 20_000) -> Judged:
    """Scores whose log-odds are twice what they should be, and one too high."""
    draw = np.random.default_rng(1)
    truth = draw.uniform(0.02, 0.98, n)
    odds = 2 * np.log(truth / (1 - truth)) + 1
    return Judged(1 / (1 + np.exp(-odds)), draw.uniform(size=n) < truth)


def test_scale_is_found() -> None:
    judged = overconfident()
    slope, offset = fit_scale(judged)
    assert (slope, offset) == pytest.approx((0.5, -0.5), abs=0.05)
    scaled = Judged(np.array([calibrate(score, slope, offset) for score in judged.scores]), judged.right)
    assert calibration_error(judged) > 0.1
    assert calibration_error(scaled) < 0.015
    low, high = bootstrap_interval(scaled, samples=50)
    assert low < calibration_error(scaled) * 2
    assert low < high < 0.05


def test_calibration_keeps_order_and_range() -> None:
    scores = [0.0, 0.2, 0.5, 0.9, 1.0]
    scaled = [calibrate(score, 0.7, -0.3) for score in scores]
    assert scaled == sorted(scaled)
    assert scaled[0] > 0
    assert scaled[-1] < 1
    assert [calibrate(score, 1.0, 0.0) for score in scores] == scores


def test_error_by_hand() -> None:
    judged = Judged(np.array([0.9, 0.1, 0.8, 0.2]), np.array([True, False, False, False]))
    # Two bins: 0.1 and 0.2 with none right, 0.8 and 0.9 with one right.
    assert calibration_error(judged, bins=2) == pytest.approx((0.15 + 0.35) / 2)


def test_threshold_by_hand() -> None:
    judged = Judged(np.array([0.9, 0.8, 0.3, 0.2]), np.array([True, True, False, False]))
    assert 0.3 < best_threshold(judged, 2) <= 0.8
    assert best_threshold(Judged(np.array([0.9, 0.2]), np.array([True, True])), 4) == 0.0


LABELS = LabelSet(types=("state",), sides=("gna", "lna"), kinds=("call", "accept"))
TEXT = "Turkey called for a truce."


def gold(side: str) -> Article:
    source = f"---\nentities:\n  a: state {side}\n---\n[Turkey](a) {{called for a truce}}(call by a).\n"
    return parse_article(source, LABELS)


def read(sides: dict[str, float], kind: str = "call") -> Analysis:
    side = max(sides, key=sides.__getitem__)
    mention = Mention(0, 6, "Turkey", "state", 0.9, "turkey")
    actor = Actor("turkey", "Turkey", "state", side, sides[side], sides, [mention], mention, True)
    return Analysis(TEXT, [actor], [Claim(7, 25, TEXT[7:25], kind, 0.7, ["turkey"])])


def test_what_is_right() -> None:
    judged = judge(
        [gold("gna"), gold("lna")], [read({"gna": 0.8, "lna": 0.2}), read({"gna": 0.6, "lna": 0.4}, "accept")]
    )
    assert judged["mention"].right.tolist() == [True, True]
    assert judged["side"].right.tolist() == [True, False]
    assert judged["side"].scores.tolist() == [0.8, 0.6]
    assert judged["claim"].right.tolist() == [True, False]


def test_temperature_is_found() -> None:
    # Right in 60 of 100 although its probability says 0.9.
    golds = [gold("gna" if number < 60 else "lna") for number in range(100)]
    temperature = fit_temperature(golds, [read({"gna": 0.9, "lna": 0.1})] * 100)
    assert 1 / temperature == pytest.approx(np.log(1.5) / np.log(9), abs=0.01)


def test_command(run_folder: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint"
    shutil.copytree(run_folder / "checkpoint", checkpoint)
    command = [sys.executable, "-m", "training.calibrate", str(checkpoint), "--corpus", str(DATA)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "side scores: error" in done.stdout
    config = json.loads((checkpoint / "config.json").read_text())
    assert len(config["mention_calibration"]) == 2
    assert config["claimant_threshold"] in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
    assert config["claimant_fallback"] in (0.1, 0.2, 0.3, 0.4, 1.0)
    load(checkpoint).predict("Haftar rejected the truce.")
    done = subprocess.run([*command[:3], str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "is no checkpoint" in done.stderr
