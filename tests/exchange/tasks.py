"""A task of every kind, and samples of them for property tests, hostile texts included."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from workbench.exchange import ExportSample
from workbench.task import Task

LABELS = ["lost_card", "change_pin", "a, b"]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "guests": {"type": "integer"}},
    "required": ["city"],
}
TASKS: dict[str, Task] = {
    "classification": Task(kind="classification", description="Say what it is about.", labels=LABELS),
    "multi_label": Task(kind="multi_label", description="Say what it is about.", labels=LABELS),
    "pair": Task(
        kind="text_pair", description="Compare.", fields={"premise": None, "hypothesis": None}, labels=["yes", "no"]
    ),
    "similarity": Task(kind="text_pair", description="Compare.", scale={"low": 0, "high": 5}),
    "extraction": Task(kind="extraction", description="Read it.", schema=SCHEMA),
    "question_answering": Task(kind="question_answering"),
    "instruction": Task(kind="instruction"),
    "dialogue": Task(kind="dialogue"),
    "labelled_dialogue": Task(kind="dialogue", labels=LABELS),
    "preference": Task(kind="preference"),
    "free": Task(
        kind="free",
        fields={
            "title": None,
            "score": {"kind": "number"},
            "data": {"kind": "json"},
            "talk": {"kind": "messages", "required": False},
        },
    ),
    "spoken_preference": Task(
        kind="free", fields={name: {"kind": "messages"} for name in ("prompt", "chosen", "rejected")}
    ),
}

#: What breaks exports: formulas, quotes, line ends of all sorts, JSON and CSV in texts, bidi, controls, what looks empty.
HOSTILE = [
    "=1+1", "'=1", '"', 'a "b", c', "a\nb", "a\r\nb", "\ra", "\t-1", "null", "[]", '[{"role": "user"}]', "{}", "3", "1e9", ",",
    "\u2028x\u2029", "\x85a\x9b", "\x1b]52;c;x\x07", "\u202eabc", "\ufeffx", "😀\u200d", "first: a\nsecond: b", ";", "\\u0000",
]  # fmt: skip
CHARACTERS = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
TEXT = st.sampled_from(HOSTILE) | st.text(CHARACTERS, min_size=1).filter(str.strip)
NUMBER = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT | st.just(""),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(CHARACTERS), inner, max_size=3),
    max_leaves=5,
)
ANSWERED = st.builds(
    lambda system, turns, last: (
        [{"role": "system", "content": one} for one in system]
        + [
            {"role": role, "content": text}
            for pair in turns
            for role, text in zip(("user", "assistant"), pair, strict=True)
        ]
        + [{"role": "user", "content": last[0]}, {"role": "assistant", "content": last[1]}]
    ),
    st.lists(TEXT, max_size=1),
    st.lists(st.tuples(TEXT, TEXT), max_size=2),
    st.tuples(TEXT, TEXT),
)
TURNS = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["system", "user", "assistant", "tool"]), "content": TEXT}),
    min_size=1,
    max_size=3,
)


def _side(role: str) -> st.SearchStrategy[list[dict[str, str]]]:
    return TEXT.map(lambda text: [{"role": role, "content": text}])


def _fields(optional: tuple[str, ...] = (), **known: Any) -> st.SearchStrategy[dict[str, Any]]:
    required = {name: values for name, values in known.items() if name not in optional}
    return st.fixed_dictionaries(required, optional={name: known[name] for name in optional})


ONE = st.sampled_from(LABELS)
MANY = st.lists(ONE, unique=True)
OBJECT = st.fixed_dictionaries({"city": TEXT}, optional={"guests": st.integers(-9, 10**9)})
CONTENTS: dict[str, tuple[st.SearchStrategy[dict[str, Any]], st.SearchStrategy[Any]]] = {
    "classification": (_fields(text=TEXT), ONE),
    "multi_label": (_fields(text=TEXT), MANY),
    "pair": (_fields(premise=TEXT, hypothesis=TEXT), st.sampled_from(["yes", "no"])),
    "similarity": (_fields(first=TEXT, second=TEXT), st.integers(0, 5) | st.floats(0, 5)),
    "extraction": (_fields(text=TEXT), OBJECT),
    "question_answering": (_fields(("context",), context=TEXT, question=TEXT, answer=TEXT), st.none()),
    "instruction": (_fields(("input",), instruction=TEXT, input=TEXT, output=TEXT), st.none()),
    "dialogue": (_fields(messages=TURNS), st.none()),
    "labelled_dialogue": (_fields(messages=TURNS), ONE | st.none()),
    "preference": (_fields(prompt=TEXT, chosen=TEXT, rejected=TEXT), st.none()),
    "free": (_fields(("talk",), title=TEXT, score=NUMBER, data=JSON, talk=TURNS), st.none()),
    "spoken_preference": (
        _fields(prompt=_side("user"), chosen=_side("assistant"), rejected=_side("assistant")),
        st.none(),
    ),
}


def sample(fields: dict[str, Any], label: Any = None, number: int = 0, **known: Any) -> ExportSample:
    """A sample with these contents."""
    about: dict[str, Any] = {
        "status": "accepted",
        "origin": "synthetic",
        "split": "train",
        "conditions": {"style": "terse"},
        "scores": {"confidence": 0.5, "filter.length": 0.25},
        "model": "embedded",
        "recipe": "zerogen",
    }
    return ExportSample(uuid=f"u{number}", fields=fields, label=label, **(about | known))


#: One plain sample of each.
PLAIN: dict[str, tuple[dict[str, Any], Any]] = {
    "classification": ({"text": "Where is my card?"}, "lost_card"),
    "multi_label": ({"text": "Where is my card?"}, ["lost_card", "a, b"]),
    "pair": ({"premise": "It rains.", "hypothesis": "It is wet."}, "yes"),
    "similarity": ({"first": "a dog", "second": "a hound"}, 4.5),
    "extraction": ({"text": "Two of us, in Rome."}, {"city": "Rome", "guests": 2}),
    "question_answering": ({"context": "Rome lies in Italy.", "question": "Where is Rome?", "answer": "In Italy."}, None),
    "instruction": ({"instruction": "Translate.", "input": "gatto", "output": "cat"}, None),
    "dialogue": ({"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}, None),
    "labelled_dialogue": (
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]},
        "lost_card",
    ),
    "preference": ({"prompt": "Say hi.", "chosen": "Hi!", "rejected": "No."}, None),
    "free": ({"title": "t", "score": 3, "data": {"a": [1]}}, None),
    "spoken_preference": (
        {
            "prompt": [{"role": "user", "content": "Say hi."}],
            "chosen": [{"role": "assistant", "content": "Hi!"}],
            "rejected": [{"role": "assistant", "content": "No."}],
        },
        None,
    ),
}  # fmt: skip
