"""``compare``: outputs side by side, as scripts and people without a screen use it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Workbench
from workbench.cli.comparing import standing_lines, words_of
from workbench.errors import UsageError
from workbench.project import Project
from workbench.store import acts, duels
from workbench.store.connection import Store
from workbench.store.duels import Judged

HOSTILE = "[/] [@click=app.bell]x[/] \x1b]52;c;aGk=\x07 \u202eevil"
Patch = pytest.MonkeyPatch


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    rows = [
        {"input": f"question {n}", "outputs": {"zerogen": f"short {n}", "attrprompt": f"a longer one {n}"},
         "preferred": "attrprompt"} for n in range(4)
    ]  # fmt: skip
    rows[1]["input"] = HOSTILE
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def typed(monkeypatch: Patch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_the_project_comes_first_and_may_be_left_out() -> None:
    assert words_of([]) == (None, "list", [])
    assert words_of(["p"]) == ("p", "list", [])
    assert words_of(["make", "x"]) == (None, "make", ["x"])
    assert words_of(["p", "import", "x", "y.jsonl"]) == ("p", "import", ["x", "y.jsonl"])
    for words, wrong in (
        (["p", "cook"], "nothing to do"),
        (["show"], "takes a name"),
        (["list", "x"], "takes nothing"),
    ):
        with pytest.raises(UsageError, match=wrong):
            words_of(words)


def test_pairs_are_imported_judged_line_by_line_and_shown(
    workbench: Workbench, folder: Path, pairs: Path, monkeypatch: Patch
) -> None:
    assert "no comparisons yet" in workbench("compare", folder).out
    assert "cook is neither a project nor one of list, make" in workbench("compare", "cook").err
    made = workbench("compare", folder, "import", "answers", pairs, "--question", "Which is kinder?", "--json").object
    assert (made["duels"], made["gold"], made["contenders"]) == (4, 4, ["zerogen", "attrprompt"])
    assert workbench("compare", folder, "import", "answers", pairs).status == 2  # the name is taken

    typed(monkeypatch, "1", "s", "second", "0", "u", "=", "nonsense", "1")
    ran = workbench("compare", folder, "plain", "answers", "--as", "anna")
    assert ran.status == 0
    assert "Which is kinder?" in ran.out
    assert "zerogen" not in ran.out[: ran.out.index("* 4 of 4 judged.")]  # blind until all are judged
    assert "zerogen" in ran.out[ran.out.index("* 4 of 4 judged.") :]
    assert "* 1 were skipped; they come again." in ran.out
    with Store(Project(folder)) as store:
        one = duels.named(store, "answers")
        assert duels.counts(store, one.id).people == {"anna": 4}
        assert [choice.verdict for choice in duels.choices(store, one.id)].count("tie") == 1
        assert store.one("SELECT count(*) FROM choice WHERE NOT active") == (1,)  # what was undone

    told = workbench("compare", folder, "show", "answers")
    assert "anna" in told.out
    assert "with a known answer" in told.out
    narrow = standing_lines(json.loads(workbench("compare", folder, "show", "answers", "--json").out), 70)
    assert max(len(line) for line in narrow) <= 70
    assert not any("equal length" in line for line in narrow if line.startswith("judge"))
    found = workbench("compare", folder, "show", "answers", "--json").object
    assert found["judges"][0]["metrics"]["open.win_rate"]["details"]["duels"] == 4
    assert workbench("compare", folder, "list", "--json").object["comparisons"][0]["people"] == {"anna": 4}


def test_leaving_keeps_what_was_chosen_and_goes_on_later(
    workbench: Workbench, folder: Path, pairs: Path, monkeypatch: Patch
) -> None:
    workbench("compare", folder, "import", "answers", pairs)
    typed(monkeypatch, "1", "q", "2")
    assert "* 1 of 4 judged." in workbench("compare", folder, "plain", "answers").out
    typed(monkeypatch, "2", "2", "2")
    ran = workbench("compare", folder, "plain", "answers", "--json")
    assert json.loads(ran.out.splitlines()[-1]) == {"comparison": "answers", "judged": 4}


def test_rows_that_cannot_be_read_are_listed(workbench: Workbench, folder: Path, pairs: Path) -> None:
    with pairs.open("a", encoding="utf-8") as file:
        file.write('{"input": "x"}\n')
    ran = workbench("compare", folder, "import", "answers", pairs)
    assert ran.status == 3
    assert 'line 5: has no "outputs"' in ran.out


def test_a_comparison_is_renamed_and_deleted(
    workbench: Workbench, folder: Path, pairs: Path, monkeypatch: Patch
) -> None:
    workbench("compare", folder, "import", "answers", pairs)
    assert workbench("compare", folder, "rename", "answers", "replies", "--json").object["comparison"] == "replies"
    typed(monkeypatch, "1", "q")
    workbench("compare", folder, "plain", "replies", "--as", "anna")
    refused = workbench("compare", folder, "delete", "replies")
    assert (refused.status, "1 choice of anna" in refused.err) == (2, True)
    gone = workbench("compare", folder, "delete", "replies", "--yes", "--json").object
    assert (gone["duels"], gone["choices"]) == (4, 1)
    assert "no comparisons yet" in workbench("compare", folder).out


def test_a_name_that_is_not_there(workbench: Workbench, folder: Path) -> None:
    ran = workbench("compare", folder, "show", "nothing")
    assert ran.status == 2
    assert "no comparisons yet" in ran.err


def test_pairs_are_made_of_contenders(workbench: Workbench, folder: Path) -> None:
    from workbench.store import samples
    from workbench.store.samples import NewSample

    with Store(Project(folder)) as store:
        new = [NewSample({"text": f"please refund {n}"}, ("refund", "lost_card")[n % 2]) for n in range(20)]
        samples.add(store, new)
    words = ["--contender", "odd=view:id:1,3,5,7,9,2,4", "--contender", "even=view:id:11,13,15,17,12,14"]
    made = workbench("compare", folder, "make", "two halves", *words, "--pairs", 4, "--json")
    assert (made.object["duels"], made.object["how"]) == (4, "label")
    assert workbench("compare", folder, "make", "one", "--contender", "set").status == 2


def test_a_model_that_answers_no_questions_is_refused_before_a_job_is_made(
    workbench: Workbench, folder: Path, pairs: Path
) -> None:
    workbench("compare", folder, "import", "answers", pairs)
    ran = workbench("compare", folder, "judge", "answers")
    assert (ran.status, "answers no questions" in ran.err) == (1, True)
    with Store(Project(folder)) as store:
        assert store.read("SELECT * FROM job") == []


def test_a_dry_run_shows_the_first_prompt_and_asks_nothing(workbench: Workbench, folder: Path, pairs: Path) -> None:
    workbench("compare", folder, "import", "answers", pairs)
    words = ("compare", folder, "judge", "answers", "--model", "openai:gpt-x", "--dry-run")
    told = workbench(*words, "--json").object
    assert (told["requests"], told["cost"], told["model"]) == (8, None, "openai:gpt-x")
    assert "question 0" in json.dumps(told["messages"])
    assert "8 requests" in workbench(*words).out


def test_the_model_is_asked_and_its_standing_told(
    workbench: Workbench, folder: Path, pairs: Path, monkeypatch: Patch
) -> None:
    """The job itself has tests of its own: here one that always takes what stands first."""
    from workbench.jobs.run import Ended, JobContext

    def judge(context: JobContext) -> Ended:
        store, number = context.store, int(context.job.parameters["comparison"])
        todo = duels.unjudged(store, number, "openai:gpt-x")
        said = [Judged(duel.id, turned, "first") for duel, turned in todo]
        said[0] = Judged(said[0].duel_id, said[0].swapped, None)
        duels.record(store, "openai:gpt-x", said)
        assert context.job.limits == {"budget": 2.0}
        return Ended({"model": "openai:gpt-x", "judged": 7, "unread": 1, "missing": 0, "cost": 0.02}, "done", None)

    monkeypatch.setattr("workbench.pipeline.judge_job.run", judge)
    monkeypatch.setattr("workbench.pipeline.start.launch", _inline)
    workbench("compare", folder, "import", "answers", pairs)
    words = ("compare", folder, "judge", "answers", "--model", "openai:gpt-x", "--budget", 2)
    ran = workbench(*words)
    assert ran.status == 3  # one answer named neither
    assert "openai:gpt-x: 7 verdicts, $0.0200, 1 not understood." in ran.out
    assert "changed its mind with the order in roughly 100 %" in ran.out


def _inline(store: Store, job_id: int, module: str) -> None:
    from workbench.jobs.run import run
    from workbench.pipeline.process import _loader

    run(Project(store.project.folder), job_id, {"judge": _loader("judge")})


def test_people_see_what_they_chose_only(workbench: Workbench, folder: Path, pairs: Path, monkeypatch: Patch) -> None:
    workbench("compare", folder, "import", "answers", pairs)
    with Store(Project(folder), durable=True) as store:
        one, ben = duels.named(store, "answers"), acts.annotator(store, "ben")
        for seen in duels.waiting(store, one.id, ben, 4):
            duels.choose(store, ben, seen, "tie")
    typed(monkeypatch, "1", "1", "1", "1")
    ran = workbench("compare", folder, "plain", "answers", "--as", "anna")
    assert "equal 4" not in ran.out
