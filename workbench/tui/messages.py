"""What threads tell the screen. Threads post these; only handlers touch widgets."""

from __future__ import annotations

from textual.message import Message


class Changed(Message):
    """Somebody (another process, or our own writer) committed to the project's database. Several coalesce into one."""

    bubble = False

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Changed)


class Filled(Message):
    """The list's thread has more of the view's ids."""

    bubble = False

    def __init__(self, generation: int, total: int, finished: bool) -> None:
        super().__init__()
        self.generation = generation
        self.total = total
        self.finished = finished

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Filled) and message.generation == self.generation


class Found(Message):
    """A search's thread has more hits."""

    bubble = False

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Found) and message.words == self.words


class Failed(Message):
    """Something done in a thread went wrong."""

    bubble = False

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class Progress(Message):
    """How far something that a person started here has come."""

    bubble = False

    def __init__(self, title: str, done: int, total: int) -> None:
        super().__init__()
        self.title = title
        self.done = done
        self.total = total

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, Progress)
