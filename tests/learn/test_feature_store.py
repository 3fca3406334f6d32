from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy
import pytest
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from workbench.errors import WorkbenchError
from workbench.learn import feature_store
from workbench.learn.feature_store import FeatureStore
from workbench.learn.features import fitted_rows, text_rows
from workbench.learn.grams import LONGEST, count_grams
from workbench.text import tokens

TEXTS = [
    "I lost my card yesterday, please block it!",
    "Please block my card: it was stolen",
    "What is the exchange rate today? What is it",
    "İstanbul'da 的卡 ß and ſ",
    "a A a a a a a a",
    "A\x1cB \u2003 split by odd white space\n\there",
    "\ud800 lone surrogate",
    "",
    " \t ",
    "x",
]


def reference(texts: list[str]) -> numpy.ndarray:
    """scikit-learn's vectorisers side by side. Columns have another order there, so products are compared."""
    settings = {"sublinear_tf": True, "dtype": numpy.float32}
    word = TfidfVectorizer(analyzer=tokens, **settings).fit_transform(texts)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), **settings).fit_transform(texts)
    rows = normalize(hstack([word, characters], format="csr"))
    return numpy.concatenate([(rows @ rows.T).toarray(), [[rows.shape[1]] * len(texts)]])


def products(rows: object) -> numpy.ndarray:
    return numpy.concatenate([(rows @ rows.T).toarray(), [[rows.shape[1]] * rows.shape[0]]])


def equal(one: object, two: object) -> bool:
    return one.shape == two.shape and (one != two).nnz == 0


def test_rows_are_those_of_scikit_learn() -> None:
    assert numpy.allclose(products(text_rows(TEXTS)), reference(TEXTS), atol=1e-6)
    lengths = numpy.sqrt(text_rows(TEXTS).multiply(text_rows(TEXTS)).sum(axis=1))
    assert lengths.ravel().tolist()[0] == pytest.approx([1, 1, 1, 1, 1, 1, 1, 0, 0, 1])


def test_new_texts_are_weighed_as_by_the_fitted_vectoriser() -> None:
    asked = ["my card is blocked", "today 的", "nothing known: qqq"]
    fitted, rows = fitted_rows(count_grams(TEXTS))
    settings = {"sublinear_tf": True, "dtype": numpy.float32}
    word = TfidfVectorizer(analyzer=tokens, **settings).fit(TEXTS)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), **settings).fit(TEXTS)
    theirs, theirs_asked = (
        normalize(hstack([word.transform(some), characters.transform(some)], format="csr")) for some in (TEXTS, asked)
    )
    ours = fitted.rows(count_grams(asked)) @ rows.T
    assert numpy.allclose(ours.toarray(), (theirs_asked @ theirs.T).toarray(), atol=1e-6)


def test_texts_without_any_known_gram_are_rows_of_zeros() -> None:
    fitted, _ = fitted_rows(count_grams(["abc abd"]))
    rows = fitted.rows(count_grams(["\0", "", "zq"]))
    assert (rows.shape[0], rows.nnz, rows.dtype) == (3, 0, numpy.float32)


def test_counts_are_exact_and_bounded() -> None:
    grams = count_grams(["ab ab", "a", ""])
    # words: ab x 2; characters: " a" "ab" "b " " ab" "ab " " ab " x 2 each. Then: a; " a" "a " " a ". Then nothing.
    assert grams.indptr.tolist() == [0, 7, 11, 11]
    assert grams.counts.tolist() == [2] * 7 + [1] * 4
    long = "x" * LONGEST
    one, two = count_grams([long]), count_grams([long + "more"])
    assert one.hashes.tolist() == two.hashes.tolist()
    assert one.counts.tolist() == two.counts.tolist()
    assert one.counts.max() == 65_535


def test_no_words_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="None of the texts"):
        FeatureStore(tmp_path / "f").rows(["", " "])
    with pytest.raises(WorkbenchError, match="None of the texts"):
        text_rows([])


def test_bit_by_bit_is_as_at_once_and_order_does_not_matter(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "f")
    for text in reversed(TEXTS):
        store.add([text, "another text"])
    assert len(store) == len(TEXTS) + 1
    assert equal(store.rows(TEXTS), text_rows(TEXTS))
    again = FeatureStore(tmp_path / "f")
    assert equal(again.rows([*TEXTS, *TEXTS]), text_rows([*TEXTS, *TEXTS]))
    assert len(again) == len(TEXTS) + 1


def test_only_new_texts_are_counted(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "f")
    seen: list[tuple[int, int]] = []
    store.rows(TEXTS, lambda done, total: seen.append((done, total)))
    store.rows([*TEXTS, "one more"], lambda done, total: seen.append((done, total)))
    assert seen == [(10, 10), (1, 1)]
    assert store.size == sum(path.stat().st_size for path in (tmp_path / "f" / "00000001").iterdir())


@pytest.mark.parametrize("name", ["index", "hashes", "counts"])
def test_a_torn_tail_is_cut(tmp_path: Path, name: str) -> None:
    FeatureStore(tmp_path / "f").rows(TEXTS)
    path = tmp_path / "f" / "00000001" / name
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 3)
    store = FeatureStore(tmp_path / "f")
    assert 0 < len(store) < len(TEXTS)
    assert equal(store.rows(TEXTS), text_rows(TEXTS))
    assert len(FeatureStore(tmp_path / "f")) == len(TEXTS)


def test_what_a_crash_left_behind_the_last_record_is_overwritten(tmp_path: Path) -> None:
    FeatureStore(tmp_path / "f").rows(TEXTS[:4])
    for name in ("hashes", "counts", "index"):
        with (tmp_path / "f" / "00000001" / name).open("ab") as file:
            file.write(b"half a rec")
    store = FeatureStore(tmp_path / "f")
    assert equal(store.rows(TEXTS), text_rows(TEXTS))
    assert equal(FeatureStore(tmp_path / "f").rows(TEXTS), text_rows(TEXTS))


@pytest.mark.parametrize("name", ["index", "hashes", "counts"])
@pytest.mark.parametrize("at", [0, 70, 100])
def test_damage_is_found_and_made_good(tmp_path: Path, name: str, at: int) -> None:
    FeatureStore(tmp_path / "f").rows(TEXTS)
    path = tmp_path / "f" / "00000001" / name
    content = bytearray(path.read_bytes())
    content[at] ^= 0x41
    path.write_bytes(content)
    store = FeatureStore(tmp_path / "f")
    assert equal(store.rows(TEXTS), text_rows(TEXTS))
    assert equal(FeatureStore(tmp_path / "f").rows(TEXTS), text_rows(TEXTS))


def test_a_foreign_file_is_replaced(tmp_path: Path) -> None:
    home = tmp_path / "f" / "00000007"
    home.mkdir(parents=True)
    (home / "index").write_bytes(b"something else" * 100)
    store = FeatureStore(tmp_path / "f")
    assert len(store) == 0
    assert equal(store.rows(TEXTS), text_rows(TEXTS))
    assert not home.exists()


def test_purged_texts_leave_nothing(tmp_path: Path) -> None:
    secret = "unforgettable"
    store, other = FeatureStore(tmp_path / "f"), FeatureStore(tmp_path / "f")
    store.rows([*TEXTS, secret])
    other.rows(TEXTS)
    hashes = count_grams([secret]).hashes[0].tobytes()  # a word of no other text
    assert hashes in (tmp_path / "f" / "00000001" / "hashes").read_bytes()
    assert store.retain([*TEXTS, "never kept"]) == 1
    kept = b"".join(path.read_bytes() for path in (tmp_path / "f").rglob("*") if path.is_file())
    assert hashes not in kept
    assert len(other) == len(TEXTS)
    assert equal(other.rows(TEXTS), text_rows(TEXTS))
    assert store.retain(TEXTS[:2]) == len(TEXTS) - 2
    assert len(other) == 2
    assert FeatureStore(tmp_path / "none").retain(["x"]) == 0


def test_a_purge_takes_what_a_crash_left_behind(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "f")
    store.rows(TEXTS)
    with (tmp_path / "f" / "00000001" / "hashes").open("ab") as file:
        file.write(b"left behind")
    assert store.retain(TEXTS) == 0
    assert all(b"left behind" not in path.read_bytes() for path in (tmp_path / "f").rglob("*") if path.is_file())
    assert len(store) == len(TEXTS)


def test_processes_append_at_the_same_time(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom workbench.learn.feature_store import FeatureStore\n"
        "store, own = FeatureStore(Path(sys.argv[1])), sys.argv[2]\n"
        "for turn in range(25):\n    store.add([f'shared {turn}', f'{own} writes {turn}'])\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "f"), own]) for own in ("one", "two")]
    assert [process.wait(timeout=60) for process in running] == [0, 0]
    store = FeatureStore(tmp_path / "f")
    assert len(store) == 75
    texts = [f"shared {turn}" for turn in range(25)] + [f"two writes {turn}" for turn in range(25)]
    assert equal(store.rows(texts), text_rows(texts))
    assert len(store) == 75


def test_where_nothing_can_be_written_rows_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    store = FeatureStore(tmp_path / "file" / "f")
    assert equal(store.rows(TEXTS), text_rows(TEXTS))
    assert "features are not kept" in store.problem
    with pytest.raises(WorkbenchError, match="cannot be kept"):
        store.add(["new"])


def test_a_full_store_keeps_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FeatureStore(tmp_path / "f")
    store.rows(TEXTS[:2])
    monkeypatch.setattr(feature_store, "LARGEST", 100)
    assert equal(store.rows(TEXTS), text_rows(TEXTS))
    assert len(store) == 2
    assert "more features are not kept" in store.problem
