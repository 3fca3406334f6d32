"""Review's keys that mean something else for a moment: codes of labels, and reasons for a rejection.

While a hint is on, the label pane shows what the keys are; every other key ends it and does what it always does.
"""

from __future__ import annotations

from textual.binding import Binding, BindingsMap

from workbench.store.acts import UNSET, Change
from workbench.store.proposals import Proposal, proposed
from workbench.tui.codes import LETTERS
from workbench.tui.screens.review_decide import Decide

CODE, REASON = "code", "reason"


class Hints(Decide):
    """``,`` and ``r``; and ``z``, which takes what is proposed."""

    def __init__(self) -> None:
        super().__init__()
        self.pane.person = self.labels.person = self.workbench.annotator

    hint = ""
    _usual: BindingsMap | None = None

    def bind_keys(self) -> None:
        if self.hint:
            self._end_hint()
        super().bind_keys()

    def _begin_hint(self, hint: str, own: dict[str, str]) -> None:
        """Give some keys other actions until the hint ends."""
        self._end_hint(draw=False)
        self.hint, usual = hint, self._bindings
        made = [Binding(key, action, show=False, priority=True) for key, action in own.items()]
        for key, bindings in usual.key_to_bindings.items():
            if key not in own:
                made += [Binding(key, f"leave_hint({one.action!r})", show=False, priority=True) for one in bindings]
        self._usual, self._bindings = usual, BindingsMap(made)
        self._draw_hint("")

    def _end_hint(self, *, draw: bool = True) -> None:
        if self._usual is not None:
            self._bindings = self._usual
        had, self.hint, self._usual = self.hint, "", None
        if had:
            self.labels.hint, self.labels.typed = "", ""
            if draw:
                self._draw_hint("")

    def _draw_hint(self, typed: str) -> None:
        self.labels.hint, self.labels.typed = self.hint, typed
        self.labels.lay_out()
        self.paint(self.labels)

    async def action_leave_hint(self, action: str) -> None:
        self._end_hint()
        await self.app.run_action(action, self)

    def action_end_hint(self) -> None:
        self._end_hint()

    # --- codes -------------------------------------------------------------------------------------------------------

    def action_code(self) -> None:
        if not self.labels.codes:
            self.say(self.labels.no_codes)
        elif self.list.current is None:
            self.say("There is no sample here to decide on.")
        else:
            own = {letter: f"code_letter('{letter}')" for letter in LETTERS}
            self._begin_hint(CODE, own | {"escape": "end_hint", "backspace": "code_back"})

    def action_code_back(self) -> None:
        if self.labels.typed:
            self._draw_hint(self.labels.typed[:-1])
        else:
            self._end_hint()

    async def action_code_letter(self, letter: str) -> None:
        typed = self.labels.typed + letter
        begun = [name for name, code in self.labels.codes.items() if code.startswith(typed)]
        if not begun:
            self.say(f"No code begins with {typed}.")
        elif len(begun) > 1 or self.labels.codes[begun[0]] != typed:
            self._draw_hint(typed)
        else:
            await self._coded(begun[0])

    async def _coded(self, name: str) -> None:
        """A code was typed to its end."""
        raise NotImplementedError

    # --- reasons -----------------------------------------------------------------------------------------------------

    async def action_reject(self) -> None:
        if self.project.outline.ask_reason and self.project.outline.reasons:
            self.action_reason()
        else:
            await super().action_reject()

    def action_reason(self) -> None:
        reasons = self.project.outline.reasons
        if self.list.current is None:
            self.say("There is no sample here to decide on.")
        elif not reasons:
            self.say("This project names no reasons: review.reasons in project.yaml does. x rejects without one.")
        else:
            own = {str(at): f"because({at})" for at in range(len(reasons) + 1)}
            self._begin_hint(REASON, own | {"escape": "end_hint"})

    async def action_because(self, digit: int) -> None:
        self._end_hint(draw=False)
        reason = self.project.outline.reasons[digit - 1] if digit else ""
        had = self.pane.explanation.reason if self.pane.explanation else None
        await self._act(Change(status="rejected", reason=reason if reason or had else UNSET), "reject")

    # --- proposals ---------------------------------------------------------------------------------------------------

    def proposal(self) -> Proposal | None:
        """What a person can take for the sample on the screen."""
        sample, known = self.pane.sample, self.pane.explanation
        if sample is None or known is None:
            return None
        waiting = sample.status in ("pending", "flagged")
        repairs = [(one.technique, one.label, one.fields, one.confidence) for one in known.repairs if not one.applied]
        return proposed(known.suggestions, repairs if waiting else (), self.shape, frozenset(self.labels.labels))

    async def action_take(self) -> None:
        one = self.proposal()
        if self.pane.sample is None:
            self.say("There is no sample here to decide on.")
        elif one is None:
            self.say("Nothing is proposed for this sample.")
        else:
            await self._act(one.change, "take")
