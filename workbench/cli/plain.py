"""``label --plain``: one sample at a time in plain lines, with the screen's keys.

For screen readers, terminals that cannot move a cursor, and scripts. On a terminal a key is enough; elsewhere every line
is one decision: a key, or a word (``accept``), with what belongs to it behind (``note looks odd``), or part of a label's
name. Nothing but lines is written: no colours, no cursor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import monotonic

from workbench.cli.plain_lines import DONE_HERE, PLACE, Lines, in_words
from workbench.cli.remarking import tagged
from workbench.errors import UsageError, WorkbenchError
from workbench.store import acts, behind, proposals, samples, views
from workbench.store.acts import Change
from workbench.store.samples import Sample
from workbench.text import clean
from workbench.tui import deciding
from workbench.tui.deciding import Decision
from workbench.tui.differences import marked

#: Decisions after which progress is said; samples that one can go back.
EVERY, BACK = 10, 1_000


class Plain(Lines):
    """One sitting of one person over one view."""

    def run(self) -> int:
        self.write(
            f"{clean(self.outline.name)}: {views.count(self.store, self.view):,} samples in {self.view.text or 'all'}."
        )
        passed: list[int] = []
        try:
            for sample_id in self._from_where_one_stopped():
                passed = [*passed[-BACK:], sample_id]
                if not self._at(passed):
                    break
            else:
                self.say("That was the last sample of the view.")
        except KeyboardInterrupt:
            self.write("")
        finally:
            self._stop()
        self._told(last=True)
        return 0

    def _from_where_one_stopped(self) -> Iterator[int]:
        wanted = self.place.get("sample") if self.place.get("view") == self.view.text else None
        ids = views.ids(self.store, self.view)
        start = next((at for at, one in enumerate(ids) if one == wanted), 0)
        if start:
            self.say(f"Going on where you stopped, at sample {wanted}.")
        yield from ids[start:]
        if start and self.sample is not None:
            self.say("From the beginning of the view:")
            yield from ids[:start]

    def _at(self, passed: Sequence[int]) -> bool:
        """Decide on the newest of ``passed``, going back among them as wished; False to leave."""
        at = len(passed) - 1
        while at < len(passed):
            self.here = passed[at]
            try:
                self.show(self._read(passed[at]))
            except WorkbenchError as error:  # purged meanwhile
                self.say(str(error))
                return True
            moved = self._decide()
            if moved is None:
                return False
            if moved < 0 and at == 0:
                self.say("There is none before it in this sitting.")
            at = max(0, at + moved)
        return True

    def _decide(self) -> int | None:
        """Read keys until one moves: 1 on, -1 back, 0 the same sample again, None leave."""
        began = monotonic()
        while True:
            typed = self.keyboard.read()
            if typed is None:
                return None
            try:
                moved = self._typed(typed, monotonic() - began)
            except WorkbenchError as error:
                self.say(str(error))
                continue
            if moved != "stay":
                return moved  # type: ignore[return-value]

    def _typed(self, typed: str, seconds: float) -> int | str | None:
        """What a key or line does: how to move, or "stay" for the next key."""
        sample = self.sample
        assert sample is not None
        name, rest = self._meaning(typed)
        if name in ("quit", "help"):
            if name == "help":
                self.help()
            return None if name == "quit" else "stay"
        if name in ("skip", "down"):
            return self._on(sample)
        if name == "up":
            return -1
        if name in ("undo", "redo"):
            return self._turn(name)
        decision = self._decision(name, rest, sample)
        if decision is None:
            return "stay"
        behind.only_look(self.store, self.view, [sample.id])
        took = round(seconds, 2) if seconds <= acts.BREAK else None
        acts.apply(self.store, self.me, [sample.id], decision.change, kind=decision.kind, seconds=took)
        self.done += decision.advance
        if decision.advance and took is not None:
            self.times.append(took)
        now = self._read(sample.id)
        self.sample = now
        self.say(f"{decision.kind}: sample {sample.id} is {now.status}, {in_words(now.label)}.")
        if decision.advance and self.done % EVERY == 0:
            self._told()
        return self._on(sample) if decision.advance else "stay"

    def _on(self, sample: Sample) -> int:
        """To the next sample; from one that an undo went back to, to where one was."""
        return 1 if sample.id == self.here else 0

    def _meaning(self, typed: str) -> tuple[str, str]:
        """(name of the action, what follows it). What is no key and no word of ours is part of a label's name."""
        if typed in self.by_key:
            return self.by_key[typed], ""
        word, _, rest = typed.strip().partition(" ")
        if not word:
            return ("accept", "") if self.by_key.get("\n") == "accept" else ("help", "")
        if word in self.by_key:
            return self.by_key[word], rest.strip()
        if self.by_key.get(word[0]) == "code":
            return "code", word[1:]
        plain = {"next": "down", "back": "up", "label": "find_label"}.get(word.casefold(), word.casefold())
        if plain in DONE_HERE:
            return plain, rest.strip()
        if len(typed) == 1 and self.keyboard.single:
            raise UsageError(f"{clean(typed)!r} is no key here; {self.key('help')} lists them.")
        return "find_label", typed.strip()

    def _decision(self, name: str, rest: str, sample: Sample) -> Decision | None:
        if name.startswith("label_"):
            pressed = 0 if name == "label_none" else int(name.removeprefix("label_"))
            return deciding.digit(self.outline, sample, self.order, pressed, self.person)
        if name in deciding.STATUSES:
            return deciding.status(name)
        if name == "find_label":
            return self._find(rest, sample)
        if name == "code":
            return self._coded(rest, sample)
        if name == "take":
            return self._taken(sample)
        if name == "tag":
            text = rest or self.keyboard.line("Tag, or -tag to take one off (an empty line leaves it):", self.write)
            return (
                Decision(tagged(self.store, self.me, [sample.id], text)[sample.id], "tag", advance=False)
                if text
                else None
            )
        if name == "note":
            text = rest or self.keyboard.line("Note (an empty line leaves it):", self.write)
            return Decision(Change(note=text), "note", advance=False) if text else None
        if name == "reason":
            return self._reason(rest)
        return self._edit(rest, sample)

    def _reason(self, rest: str) -> Decision | None:
        reasons = self.store.project.config.review.reasons
        question = (
            "Reject with a reason: " + ". ".join(f"{n} {one}" for n, one in enumerate(reasons, 1)) + ", or 0 none:"
        )
        text = rest or self.keyboard.answer(question, self.write, one_key=len(reasons) <= deciding.DIGITS)
        if not text or not text.strip():
            return None
        if self.keyboard.single and not rest and len(text) == 1 and not text.isdecimal():
            self.say("Nothing was changed.")
            return None
        if text.isdecimal():
            if int(text) > len(reasons):
                raise UsageError(f"There is no reason {text}.")
            text = reasons[int(text) - 1] if int(text) else ""
        return Decision(Change(status="rejected", reason=text), "reject")

    def _coded(self, text: str, sample: Sample) -> Decision | None:
        """The label of a code: its letters one by one on a terminal; no code begins another."""
        if not self.codes:
            raise UsageError("Labels have codes where there are more than nine.")
        names = {code: name for name, code in self.codes.items()}
        typed = text or self.keyboard.answer("Code:", self.write, one_key=True) or ""
        begun = [f"{code} {name}" for code, name in sorted(names.items()) if typed and code.startswith(typed)]
        if typed not in names and begun and self.keyboard.single and not text:
            typed += self.keyboard.answer(", ".join(begun), self.write, one_key=True) or ""
        if typed not in names:
            raise UsageError(f"No label has the code {clean(typed, limit=20)!r}." if not begun else ", ".join(begun))
        return deciding.named(self.outline, sample, names[typed])

    def _taken(self, sample: Sample) -> Decision:
        labels = [one.name for one in self.outline.labels]
        found = proposals.many(self.store, [sample.id], self.outline.label_shape, labels).get(sample.id)
        if found is None:
            raise UsageError("Nothing is proposed for this sample.")
        return Decision(found.change, "take")

    def _find(self, text: str, sample: Sample) -> Decision | None:
        shape = self.outline.label_shape
        if shape in ("none", "object"):
            raise UsageError("There are no labels to find here.")
        text = (
            text
            or self.keyboard.line("A number:" if shape == "number" else "Part of the label's name:", self.write)
            or ""
        )
        if not text:
            return None
        if shape == "number":
            return Decision(Change(label=self._number(text), status="accepted"), "label")
        found = deciding.like(self.order, text)
        if not found:
            raise UsageError(f"No label is called {clean(text, limit=60)!r}.")
        if len(found) == 1:
            return deciding.named(self.outline, sample, found[0])
        if not self.keyboard.single or len(found) > deciding.DIGITS:
            raise UsageError(f"{len(found)} labels fit: {', '.join(found[:20])}. Type more of the name.")
        self.write(". ".join(f"{n} {name}" for n, name in enumerate(found, 1)) + ".", indent="  ")
        pressed = self.keyboard.read() or ""
        if not pressed.isdecimal() or not 1 <= int(pressed) <= len(found):
            self.say("Nothing was changed.")
            return None
        return deciding.named(self.outline, sample, found[int(pressed) - 1])

    def _number(self, text: str) -> float:
        from workbench.answer_schema import label_fault

        try:
            value = float(text.replace(",", "."))
        except ValueError:
            raise UsageError(f"{clean(text, limit=40)!r} is not a number.") from None
        value = int(value) if value.is_integer() else value
        if wrong := label_fault(self.store.project.config.task, value):
            raise UsageError(wrong)
        return value

    def _edit(self, rest: str, sample: Sample) -> Decision | None:
        """``FIELD=TEXT``, or the text alone where there is one field; ``label=JSON`` where the label is an object."""
        from workbench.cli.people import edited, label_of

        task = self.store.project.config.task
        names = " or ".join([*task.fields, *(["label"] if task.label_shape == "object" else [])])
        how = "New text" if len(task.fields) == 1 and task.label_shape != "object" else f"{names}=new value"
        text = rest or self.keyboard.line(f"{how} (an empty line leaves it):", self.write)
        if not text:
            return None
        if task.label_shape == "object" and text.partition("=")[0].strip() == "label":
            return Decision(Change(label=label_of(task, text.partition("=")[2]), status="accepted"), "label")
        fields = edited(task, sample.fields, [text])
        self.write(f"Changed: {marked(samples.text_of(sample.fields), samples.text_of(fields))}", indent="  ")
        return Decision(Change(fields=fields), "edit", advance=False)

    def _turn(self, name: str) -> int | str:
        act = acts.undo(self.store, self.me) if name == "undo" else acts.redo(self.store, self.me)
        if act is None:
            self.say(f"There is nothing to {name}.")
            return "stay"
        which = f"sample {act.samples[0]}" if act.total == 1 and act.samples else f"{act.total:,} samples"
        self.say(f"{name}: {act.kind} on {which}.")
        if act.total == 1 and act.samples:
            self.show(self._read(act.samples[0]))
        return "stay"

    def _told(self, *, last: bool = False) -> None:
        middle = sorted(self.times)[len(self.times) // 2] if self.times else None
        pace = f", {middle:.1f} s each" if middle is not None else ""
        left = "" if last else f", {views.count(self.store, self.view):,} in the view"
        self.say(f"{self.done:,} decided{pace}{left}.")

    def _stop(self) -> None:
        if self.sample is not None:
            acts.stop_at(self.store, self.me, PLACE, {**self.place, "view": self.view.text, "sample": self.sample.id})
