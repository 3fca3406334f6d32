from __future__ import annotations

import numpy
import pytest

from workbench.learn.crowd import Votes, dawid_skene, majority

# Dawid and Skene 1979, Table 1: 45 patients, five observers (the first saw each patient three times), grades 1 to 4 of
# fitness for anaesthesia; as in dallascard/dawid_skene, dawid_skene.py, commit 7cfb2b3.
PATIENTS = (
    "111 1 1 1 1|333 4 3 3 4|112 2 1 2 2|222 3 1 2 1|222 3 2 2 2|222 3 3 2 2|122 2 1 1 1|333 3 4 3 3|"
    "222 2 2 2 3|232 2 2 2 3|444 4 4 4 4|222 3 3 4 3|111 1 1 1 1|222 3 2 1 2|121 1 1 1 1|111 2 1 1 1|"
    "111 1 1 1 1|111 1 1 1 1|222 2 2 2 1|222 1 3 2 2|222 2 2 2 2|222 2 2 2 1|222 3 2 2 2|221 2 2 2 2|"
    "111 1 1 1 1|111 1 1 1 1|232 2 2 2 2|111 1 1 1 1|111 1 1 1 1|112 1 1 2 1|111 1 1 1 1|333 3 2 3 3|"
    "111 1 1 1 1|222 2 2 2 2|222 3 2 3 2|433 4 3 4 3|221 2 2 3 2|232 3 2 3 3|333 3 4 3 2|111 1 1 1 1|"
    "111 1 1 1 1|121 2 1 1 1|232 2 2 2 2|121 1 1 1 1|222 2 2 2 2"
)


def patients() -> Votes:
    triples = [
        (patient, observer, int(grade) - 1)
        for patient, row in enumerate(PATIENTS.split("|"))
        for observer, grades in enumerate(row.split())
        for grade in grades
    ]
    item, source, label = numpy.array(triples).T
    return Votes(item, source, label, 45, 5, 4)


def votes(rows: list[str], labels: int = 3) -> Votes:
    """One row per item, one digit per source; a dot says nothing."""
    triples = [(at, source, int(one)) for at, row in enumerate(rows) for source, one in enumerate(row) if one != "."]
    item, source, label = numpy.array(triples).T
    return Votes(item, source, label, len(rows), max(map(len, rows)), labels)


def test_the_papers_own_example() -> None:
    """Priors and error rates are those of the paper's Table 2; posteriors and likelihood those of the code named above
    (same start, same tolerance), which prints the paper's numbers."""
    found = dawid_skene(patients())
    assert found.converged
    assert found.prior == pytest.approx([0.40, 0.42, 0.11, 0.07], abs=0.005)
    first, second, third, fourth, fifth = found.rates.round(2).tolist()
    assert first == [[0.89, 0.11, 0, 0], [0.07, 0.88, 0.05, 0], [0, 0.34, 0.66, 0], [0, 0, 0.56, 0.44]]
    assert second == [[0.83, 0.17, 0, 0], [0.05, 0.63, 0.31, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert third == [[1, 0, 0, 0], [0.11, 0.79, 0.11, 0], [0, 0.4, 0.2, 0.4], [0, 0, 0.67, 0.33]]
    assert fourth == [[0.94, 0.06, 0, 0], [0.05, 0.84, 0.1, 0], [0, 0, 0.8, 0.2], [0, 0, 0.33, 0.67]]
    assert fifth == [[1, 0, 0, 0], [0.16, 0.73, 0.11, 0], [0, 0.21, 0.79, 0], [0, 0, 0.33, 0.67]]
    grades = "".join(str(one + 1) for one in found.posterior.argmax(axis=1))
    assert grades == "142222132243121111222222112111131224233111212"
    doubtful = {patient: found.posterior[patient - 1].max() for patient in (7, 30, 35, 38, 42)}
    assert doubtful == pytest.approx({7: 0.981, 30: 0.9991, 35: 0.948, 38: 0.9788, 42: 0.9998}, abs=1e-4)
    assert found.likelihood == pytest.approx(-192.8909, abs=1e-3)


def test_a_source_that_swaps_two_labels_is_understood() -> None:
    rows = ["001", "110", "001", "110", "001", "110", "222", "222", "..1", "..0"]
    found = dawid_skene(votes(rows))
    assert found.posterior.argmax(axis=1).tolist() == [0, 1, 0, 1, 0, 1, 2, 2, 0, 1]
    assert found.rates[2, 0].tolist() == pytest.approx([0, 1, 0], abs=1e-6)


def test_known_labels_stay_and_teach() -> None:
    # Two sources that contradict each other everywhere; the known items say which one is right.
    rows = ["01", "10", "01", "10"]
    known = numpy.array([0, 1, -1, -1])
    found = dawid_skene(votes(rows, 2), known=known)
    assert found.posterior[:2].tolist() == [[1, 0], [0, 1]]
    assert found.posterior.argmax(axis=1).tolist() == [0, 1, 0, 1]
    assert found.posterior[2, 0] > 0.99


def test_smoothing_keeps_every_rate_above_zero() -> None:
    found = dawid_skene(votes(["00", "11"], 2), smoothing=0.5)
    assert (found.rates > 0).all()
    assert found.rates.sum(axis=2) == pytest.approx(numpy.ones((2, 2)))


def test_majority_and_ties() -> None:
    found = majority(votes(["001", "122", "01.", "..2", "210"]))
    assert found.label.tolist() == [0, 2, 0, 2, 0]
    assert found.share.tolist() == pytest.approx([2 / 3, 2 / 3, 1 / 2, 1, 1 / 3])
    assert found.tied.tolist() == [False, False, True, False, True]


def test_progress_is_told_per_step() -> None:
    seen: list[tuple[int, int]] = []
    found = dawid_skene(patients(), most=7, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(step, 7) for step in range(1, 8)]
    assert not found.converged
