from __future__ import annotations

import numpy
import pytest

from workbench.errors import WorkbenchError
from workbench.learn.classifier import TextClassifier, out_of_fold
from workbench.learn.features import text_rows, units, word_tfidf
from workbench.learn.logistic import fit_logistic, probabilities

TEXTS = [f"{verb} my card {i}" for i, verb in enumerate(["lost", "stolen", "block", "freeze"] * 5)]
TEXTS += [f"what is the {noun} rate {i}" for i, noun in enumerate(["exchange", "interest", "current", "best"] * 5)]
LABELS = ["card"] * 20 + ["rate"] * 20


def test_rows_have_length_one() -> None:
    texts = ["my card", "your card?"]
    for rows in (word_tfidf(texts)[1], text_rows(texts)):
        assert rows.dtype == numpy.float32
        assert numpy.allclose(rows.multiply(rows).sum(axis=1), 1.0, atol=1e-6)
    vectoriser, _ = word_tfidf(["My card?"])
    assert list(vectoriser.get_feature_names_out()) == ["?", "card", "my"]
    with pytest.raises(WorkbenchError, match="None of the texts"):
        word_tfidf(["", " "])


def test_units_cut_scripts_without_spaces() -> None:
    assert units("It's 我的卡!") == ["it's", "我", "的", "卡"]


def test_learns_and_is_deterministic() -> None:
    one, two = TextClassifier().fit(TEXTS, LABELS), TextClassifier().fit(TEXTS, LABELS)
    asked = ["my card was stolen", "today's rate"]
    assert one.predict(asked) == ["card", "rate"]
    assert one.classes == ["card", "rate"]
    assert numpy.array_equal(one.probabilities(asked), two.probabilities(asked))
    assert numpy.allclose(one.probabilities(asked).sum(axis=1), 1.0)
    assert one.probabilities([]).shape == (0, 2)


def test_many_texts_are_predicted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    model = TextClassifier().fit(TEXTS, LABELS)
    whole = model.probabilities(TEXTS)
    monkeypatch.setattr("workbench.learn.classifier.AT_ONCE", 7)
    assert numpy.array_equal(model.probabilities(TEXTS), whole)
    assert model.probabilities([]).shape == (0, 2)


def test_weights_count() -> None:
    texts, labels = ["card", "card"], ["a", "b"]
    assert TextClassifier().fit(texts, labels, weights=[5, 1]).predict(["card"]) == ["a"]
    assert TextClassifier().fit(texts, labels, weights=[1, 5]).predict(["card"]) == ["b"]


def test_rows_that_are_there_give_the_same_model() -> None:
    rows = text_rows(TEXTS)
    model = TextClassifier().fit_rows(rows, LABELS)
    assert numpy.array_equal(model.probabilities_rows(rows), TextClassifier().fit(TEXTS, LABELS).probabilities(TEXTS))
    with pytest.raises(ValueError, match="on texts"):
        model.probabilities(TEXTS)
    judged = out_of_fold(TEXTS, LABELS, rows=rows)
    assert numpy.array_equal(judged.probabilities, out_of_fold(TEXTS, LABELS).probabilities)


def test_soft_labels_are_weighted_copies() -> None:
    rows = text_rows(TEXTS)
    weights = [1.0 + (place % 3) for place in range(40)]
    soft = [{"card": 0.75, "rate": 0.25} if place % 4 == 0 else None for place in range(40)]
    copies = [(i, name, weights[i] * share) for i in range(40) for name, share in (soft[i] or {LABELS[i]: 1.0}).items()]
    places, labels, shares = (list(column) for column in zip(*copies, strict=True))
    one = TextClassifier().fit_rows(rows, LABELS, weights, soft=soft)
    two = TextClassifier().fit_rows(rows[places], labels, shares)
    assert len(places) == 50
    assert one.probabilities_rows(rows) == pytest.approx(two.probabilities_rows(rows), abs=1e-4)


def test_a_soft_label_stands_in_for_a_label_and_may_name_a_new_class() -> None:
    model = TextClassifier().fit(["card", "rate", "cash"], ["a", "b", None], soft=[None, None, {"c": 0.9, "a": 0.1}])
    assert model.classes == ["a", "b", "c"]
    assert model.predict(["cash"]) == ["c"]
    with pytest.raises(ValueError, match="neither"):
        TextClassifier().fit(["card", "rate"], ["a", None])


def test_weights_that_cannot_be_are_a_sentence() -> None:
    for weights in ([0, 0], [1, -1], [1, float("nan")]):
        with pytest.raises(WorkbenchError, match="at least one above 0"):
            TextClassifier().fit(["card", "rate"], ["a", "b"], weights=weights)


@pytest.mark.parametrize("classes", [2, 3])
def test_logistic_regression_is_that_of_scikit_learn(classes: int) -> None:
    from sklearn.linear_model import LogisticRegression

    rows = text_rows(TEXTS)
    labels = numpy.array([place // 4 % classes for place in range(40)])
    weights = numpy.linspace(0.5, 2, 40)
    targets = (numpy.eye(classes)[labels] * weights[:, None]).astype(numpy.float32)
    ours = probabilities(rows, fit_logistic(rows, targets, 10.0, tolerance=1e-9))
    theirs = LogisticRegression(C=10.0, tol=1e-8, max_iter=5000).fit(rows.astype(float), labels, weights)
    assert ours == pytest.approx(theirs.predict_proba(rows.astype(float)), abs=2e-3)


def test_one_class_is_a_sentence() -> None:
    with pytest.raises(WorkbenchError, match="at least two labels"):
        TextClassifier().fit(["a", "b"], ["x", "x"])
    with pytest.raises(WorkbenchError, match="at least two labels"):
        out_of_fold(["a", "b"], ["x", "x"])


def test_out_of_fold_finds_the_wrong_label() -> None:
    labels = ["rate", *LABELS[1:]]
    steps: list[tuple[int, int]] = []
    result = out_of_fold(TEXTS, labels, folds=4, progress=lambda done, total: steps.append((done, total)))
    assert result.probabilities.shape == (40, 2)
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    given = result.probabilities[numpy.arange(40), [result.classes.index(label) for label in labels]]
    assert int(given.argmin()) == 0
    assert result.judged.all()


def test_out_of_fold_with_rare_classes() -> None:
    texts, labels = (
        [*TEXTS, "open an account", "account opening", "hello there"],
        [*LABELS, "account", "account", "chat"],
    )
    result = out_of_fold(texts, labels)
    assert result.judged.tolist() == [True] * 42 + [False]  # nothing else is labelled chat
    assert numpy.allclose(result.probabilities.sum(axis=1), 1.0)
    helped = out_of_fold(texts, labels, extra_texts=["hi there"], extra_labels=["chat"])
    assert helped.judged.all()
    assert out_of_fold(["a", "b"], ["x", "y"]).judged.tolist() == [False, False]


def test_dense_rows_train_as_sparse_ones() -> None:
    rows = text_rows(TEXTS)
    targets = numpy.array([[label == "card", label == "rate"] for label in LABELS], numpy.float32)
    dense = numpy.ascontiguousarray(rows.toarray())
    sparse_one, dense_one = (fit_logistic(given, targets, 10.0, tolerance=1e-7) for given in (rows, dense))
    assert numpy.allclose(probabilities(rows, sparse_one), probabilities(dense, dense_one), atol=1e-3)
