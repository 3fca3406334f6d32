"""Agreement against published examples, hand-worked numbers and the reference implementations."""

from __future__ import annotations

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.learn.agreement import agreement
from workbench.learn.agreement_distances import masi

#: Krippendorff 2011, section C: four observers, twelve units, missing values.
NAN = float("nan")
OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
    [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
]

#: Fleiss 1971, table 1: 30 patients, 6 psychiatrists, 5 diagnoses (how often each was given).
FLEISS = """0 0 0 6 0|0 3 0 0 3|0 1 4 0 1|0 0 0 0 6|0 3 0 3 0|2 0 4 0 0|0 0 4 0 2|2 0 3 1 0|2 0 0 4 0|0 0 0 0 6
1 0 0 5 0|1 1 0 4 0|0 3 3 0 0|1 0 0 5 0|0 2 0 3 1|0 0 5 0 1|3 0 0 1 2|5 1 0 0 0|0 2 0 4 0|1 0 2 0 3
0 0 0 0 6|0 1 0 5 0|0 2 0 1 3|2 0 0 4 0|1 0 0 4 1|0 5 0 1 0|4 0 0 0 2|0 2 0 4 0|1 0 5 0 0|0 0 0 0 6"""


def long(matrix):
    """Items, raters and values of a table with a row a rater; NaN is missing."""
    table = numpy.asarray(matrix, float)
    raters, items = numpy.nonzero(~numpy.isnan(table))
    return items, raters, table[raters, items]


def test_krippendorff_2011():
    wanted = {"nominal": 0.743, "ordinal": 0.815, "interval": 0.849, "ratio": 0.797}
    for level, value in wanted.items():
        found = agreement(*long(OBSERVERS), level=level)
        assert found.krippendorff.value == pytest.approx(value, abs=0.0006)
        assert (found.items, found.all_items, found.opinions) == (11, 12, 40)
        assert found.krippendorff.low < found.krippendorff.value < found.krippendorff.high <= 1


def test_fleiss_1971():
    table = [[int(n) for n in row.split()] for row in FLEISS.replace("\n", "|").split("|")]
    ratings = numpy.array([[label for label, n in enumerate(row) for _ in range(n)] for row in table]).T
    found = agreement(*long(ratings))
    assert found.fleiss.value == pytest.approx(0.430, abs=0.0005)
    assert found.percent == pytest.approx(0.5556, abs=0.0001)
    assert (found.fleiss_items, found.fleiss_raters) == (30, 6)


def test_cohen_1960():
    # Table 1 of the paper, per cent of 200 patients: p_o = .70, p_e = .41, kappa = .492.
    table = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
    cells = [(row, column) for row in range(3) for column in range(3) for _ in range(table[row][column])]
    (pair,) = agreement(*long(numpy.array(cells).T)).cohen
    assert pair.percent == pytest.approx(0.70)
    assert pair.kappa.value == pytest.approx(0.492, abs=0.0005)


def test_each_label_by_hand():
    # a a / a b / b b / b b: of the three mentions of a, two are paired with another a; of five of b, four.
    found = agreement(*long([[0, 0, 1, 1], [0, 1, 1, 1]]))
    assert [(one.opinions, one.share) for one in found.labels] == [(3, pytest.approx(2 / 3)), (5, pytest.approx(4 / 5))]
    # alpha, by hand: 1 - 7 * 2 / (2 * 3 * 5); with two labels each against the rest is the same thing.
    assert found.krippendorff.value == pytest.approx(1 - 7 * 2 / 30)
    assert [one.alpha for one in found.labels] == [pytest.approx(1 - 7 * 2 / 30)] * 2


@settings(max_examples=30, deadline=None)
@given(
    st.integers(2, 6), st.integers(2, 30), st.integers(2, 5), st.floats(0, 0.7), st.integers(0, 10_000),
    st.sampled_from(["nominal", "ordinal", "interval", "ratio"]),
)  # fmt: skip
def test_equal_to_the_reference_implementations(raters, items, labels, missing, seed, level):
    import krippendorff
    from sklearn.metrics import cohen_kappa_score
    from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

    random = numpy.random.default_rng(seed)
    table = random.integers(0, labels, (raters, items)).astype(float)
    shown = numpy.where(random.random(table.shape) < missing, NAN, table)
    found = agreement(*long(shown), level=level)
    if found.krippendorff.value is not None:
        wanted = krippendorff.alpha(shown, level_of_measurement=level, value_domain=None)
        assert found.krippendorff.value == pytest.approx(wanted, abs=1e-9)
    for pair in found.cohen:
        both = ~numpy.isnan(shown[pair.a]) & ~numpy.isnan(shown[pair.b])
        a, b = shown[pair.a, both].astype(int), shown[pair.b, both].astype(int)
        assert pair.items == both.sum()
        for kappa, weights in ((pair.kappa, None), (pair.linear, "linear"), (pair.quadratic, "quadratic")):
            if kappa is not None and kappa.value is not None:
                wanted = cohen_kappa_score(a, b, weights=weights, labels=range(labels))
                assert kappa.value == pytest.approx(wanted, abs=1e-9)
    whole = agreement(*long(table))
    if whole.fleiss.value is not None:
        assert whole.fleiss.value == pytest.approx(fleiss_kappa(aggregate_raters(table.T.astype(int))[0]), abs=1e-9)


@pytest.mark.parametrize(
    ("matrix", "sentence"),
    [
        ([[], []], "Nobody has said anything yet."),
        ([[0, 1, 0]], "Only one annotator"),
        ([[0, 1, NAN], [NAN, NAN, 1]], "No two annotators have spoken about the same sample."),
        ([[1, 1, 1], [1, 1, 1]], "Everybody gave the same label"),
    ],
)
def test_where_undefined_it_says_why(matrix, sentence):
    found = agreement(*long(matrix))
    assert found.krippendorff.value is None
    assert found.fleiss.value is None
    assert found.krippendorff.reason.startswith(sentence)
    assert all(pair.kappa.value is None and pair.kappa.reason for pair in found.cohen)


def test_what_is_refused():
    with pytest.raises(ValueError, match="two opinions"):
        agreement(numpy.array([0, 0]), numpy.array([1, 1]), numpy.array([0, 1]))
    with pytest.raises(ValueError, match="level"):
        agreement(numpy.array([0]), numpy.array([1]), numpy.array([0]), level="odd")


def test_sets_by_masi():
    # Passonneau 2006: subsets weigh 2/3, overlaps 1/3. {a} {a,b}: J 1/2, M 2/3; {a,b} {b,c}: J 1/3, M 1/3.
    found = masi([["a"], ["a", "b"], ["b", "c"], [], ["d"]])
    assert found[0, 1] == pytest.approx(1 - 1 / 2 * 2 / 3)
    assert found[1, 2] == pytest.approx(1 - 1 / 3 * 1 / 3)
    assert found[0, 2] == 1
    assert (found[3, 3], found[3, 4], found[4, 4]) == (0, 1, 0)
    table = [[0, 1, 2, 4], [1, 1, 2, 4]]
    # 8 values: observed 2 * 2/3; expected: twice each pair of different values by how often they occur.
    expected = 2 * (1 * 3 * found[0, 1] + 1 * 2 * 1 + 1 * 2 * 1 + 3 * 2 * found[1, 2] + 3 * 2 * 1 + 2 * 2 * 1)
    value = agreement(*long(table), distance=found).krippendorff.value
    assert value == pytest.approx(1 - 7 * (2 * found[0, 1]) / expected)


def test_the_interval_covers():
    """Delete-a-group jackknife: of 200 draws with alpha 0.5 about 95 % of the intervals hold it."""
    random, hit = numpy.random.default_rng(1), 0
    for _ in range(200):
        truth = random.integers(0, 2, 120)
        said = numpy.where(random.random((3, 120)) < 0.5, truth, random.integers(0, 2, (3, 120)))
        found = agreement(*long(said)).krippendorff
        hit += found.low <= 0.25 <= found.high  # two who know with probability 1/2 agree by knowledge with 1/4
    assert 0.90 <= hit / 200 <= 0.99
