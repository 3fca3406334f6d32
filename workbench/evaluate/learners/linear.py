"""Linear: TF-IDF of words and characters, multinomial logistic regression; the classifier that the project works with."""

from __future__ import annotations

from workbench.evaluate.learning import LEARNERS, Trained, Training


@LEARNERS.register("linear")
def linear(training: Training) -> Trained:
    """The small classifier of filters and suggestions (``learn.classifier.TextClassifier``)."""
    from workbench.learn.classifier import TextClassifier

    return TextClassifier(training.count).fit(
        training.texts, training.labels, training.weights, training.seed, soft=training.soft
    )
