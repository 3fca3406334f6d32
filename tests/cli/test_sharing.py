"""Projects of several system users: modes whatever the umask, and two real users where the tests may become them."""

from __future__ import annotations

import grp
import json
import os
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Workbench
from workbench import sharing
from workbench.errors import ProjectError
from workbench.project import Project, create, write_settings
from workbench.store import acts, leases, samples
from workbench.store.acts import Change
from workbench.store.connection import Store
from workbench.store.samples import NewSample

MINE = grp.getgrgid(os.getegid()).gr_name


@pytest.fixture
def strict() -> Iterator[None]:
    """A umask that hides everything from everybody else."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def modes(folder: Path) -> set[tuple[bool, int]]:
    return {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in (folder, *folder.rglob("*"))}


@pytest.mark.usefixtures("strict")
def test_all_that_is_made_in_a_shared_project_is_for_its_group(workbench: Workbench, tmp_path: Path) -> None:
    made = workbench("new", tmp_path / "p", "--labels", "a,b", "--shared", MINE, "--json")
    folder = Path(made.object["project"])
    (folder / "more.jsonl").write_text(json.dumps({"text": "where is it", "label": "a"}) + "\n")
    sharing.fit(folder / "more.jsonl")  # a person's editor may make what it likes; doctor says so below
    assert workbench("import", folder, folder / "more.jsonl", "--as", "synthetic").status == 0
    with Store(Project(folder)) as store, leases.sit(store, acts.annotator(store, "anna")) as sitting:
        assert leases.take(store, sitting, [1], 1, overlap=1) == [1]
        assert workbench("label", folder, "--export", folder / "said.jsonl").status == 0
        write_settings(folder / "project.yaml", (folder / "project.yaml").read_text())
        assert modes(folder) == {(True, 0o2770), (False, 0o660)}  # the database's log and locks among them
    assert next(one for one in _checks(workbench, folder) if one["name"] == "shared")["ok"]
    (folder / "notes.md").write_text("mine alone")
    check = next(one for one in _checks(workbench, folder) if one["name"] == "shared")
    assert not check["ok"]
    assert f"chmod 660 {folder / 'notes.md'}" in check["text"]


def _checks(workbench: Workbench, folder: Path) -> list[dict[str, object]]:
    return list(workbench("doctor", folder, "--json").object["checks"])


def test_a_group_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="groupadd nobody-has-this"):
        sharing.share(create(tmp_path / "p", labels=["a", "b"]).folder, "nobody-has-this")


@pytest.mark.usefixtures("strict")
def test_other_projects_keep_what_the_umask_says(tmp_path: Path) -> None:
    project = create(tmp_path / "p", labels=["a", "b"])
    with Store(project):
        assert modes(project.folder) == {(True, 0o700), (False, 0o600)}


def as_user(user: int, group: int, work: Callable[[], None]) -> int:
    """Do ``work`` in a process of another user; its exit status."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        os.environ |= {"LOGNAME": f"user{user}", "HOME": "/nonexistent"}
        for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "WORKBENCH_CONFIG"):
            os.environ.pop(name, None)
        os.setgroups([group])
        os.setgid(user)
        os.setuid(user)
        os.umask(0o077)
        work()
        os._exit(0)
    except BaseException as error:  # noqa: BLE001 - the child must end here, whatever it was
        os.write(2, f"{error!r}\n".encode())
        os._exit(1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become two users")
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_two_system_users_label_in_one_project() -> None:
    group, first, second = grp.getgrnam("users").gr_gid, 64_001, 64_002
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        project = create(Path(place) / "p", labels=["a", "b"])
        sharing.share(project.folder, "users")
        with Store(project) as store:
            samples.add(store, [NewSample({"text": f"text {i}"}, "a") for i in range(3)])

        def label(name: str, number: int) -> Callable[[], None]:
            def work() -> None:
                with Store(Project(project.folder), durable=True) as store:
                    me = acts.annotator(store, name)
                    with leases.sit(store, me) as sitting:
                        (one,) = leases.take(store, sitting, [1, 2, 3], 1, overlap=1)
                        acts.apply(store, me, [one], Change(label="b", status="accepted"), kind="label")
                        assert one == number

            return work

        assert as_user(first, group, label("anna", 1)) == 0
        assert as_user(second, group, label("ben", 2)) == 0
        assert as_user(second, group, label("anna", 3)) == 0  # under her name, at his terminal
        assert as_user(64_003, 64_003, label("eve", 1)) == 1  # not of the group
        with Store(project) as store:
            assert store.read(
                "SELECT name, annotator.system_user, act.system_user FROM act JOIN annotator ON annotator.id = annotator_id"
            ) == [("anna", "user64001", None), ("ben", "user64002", None), ("anna", "user64001", "user64002")]
        assert sharing.faults(project.folder) == []
