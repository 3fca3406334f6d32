"""What models leave in texts that are not theirs to comment on: refusals, openings, closings, gaps, template tokens.

The lists are for English. Each entry has words one of which must be in the text (a plain search, so that a long text costs
little), a pattern, and where in the text it may stand. No pattern has a repetition inside a repetition, and every one is
bounded.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, NamedTuple

Category = Literal["refusal", "preamble", "closing", "placeholder", "template", "echo", "truncated"]
CATEGORIES: tuple[Category, ...] = ("refusal", "template", "placeholder", "echo", "preamble", "closing", "truncated")
#: Characters at a text's start and end in which openings and closings stand, and around a word in which a pattern is tried.
EDGE, AROUND = 300, 160
#: Places of one word that are tried in a text: boilerplate that is there stands there early or often.
TRIED = 50
#: Placeholders that the repair ``redact`` puts, which are wanted.
_REDACTED = re.compile(r"\[(?:EMAIL|PHONE|CARD|IBAN|IP|KEY|NATIONAL_ID)(?:_\d{1,4})?\]")


class Phrase(NamedTuple):
    category: Category
    where: Literal["start", "end", "anywhere"]
    needles: tuple[str, ...]
    pattern: str


class Hit(NamedTuple):
    category: Category
    found: str


_CANNOT = (
    r"i(?:'m| am)?(?: am)?(?: really| very| so)?(?: sorry,? but i)?(?: just| simply| unfortunately)?"
    r" ?(?:can't|cannot|can not|am unable to|'m unable to|unable to|am not able to|not able to|won't|will not|must decline to)"
)
_MODEL = r"(?:large language model|language model|ai language model|artificial intelligence|ai assistant|ai model|ai chatbot|ai)"
_PHRASES: tuple[Phrase, ...] = (
    # The assistant speaks of itself: "As an AI, I ...", never "as an AI engineer".
    Phrase("refusal", "anywhere", ("as an ai", "as a large", "as a language", "as an artificial"),
           rf"\bas an? {_MODEL}(?: system| program)?(?:,| i\b| developed| created| trained| made by| my\b| it is\b)"),
    Phrase("refusal", "anywhere", ("language model", "an ai", "artificial intelligence"),
           rf"\bi(?:'m| am)(?: just| only| merely| simply)? an? {_MODEL}(?:,|\.|;|!| and\b| so\b| that\b|"
           rf" created| trained|"
           r" developed| designed| without| here to)"),
    # First person, an ability, and something that only a model would be asked for.
    Phrase("refusal", "anywhere", ("can't", "cannot", "can not", "unable to", "able to", "won't", "will not", "decline"),
           rf"\b{_CANNOT} (?:help|assist|comply)(?: you)? with (?:that|this|such|your|any|the|these|those"
           rf"|creating|generating|"
           r"writing)(?: particular| specific| kind of| type of)? ?(?:request|task|content|question|topic)\b"),
    Phrase("refusal", "anywhere", ("can't", "cannot", "can not", "unable to", "able to", "won't", "will not", "decline"),
           rf"\b{_CANNOT} (?:fulfil|fulfill|comply with|complete|process|satisfy|accommodate) (?:that|this|your"
           rf"|such an?|the|"
           r"these)(?: particular| specific)? (?:request|task|prompt|instruction)s?\b(?! (?:for|on|to|at) )"),
    Phrase("refusal", "anywhere", ("can't", "cannot", "can not", "unable to", "able to", "won't", "will not", "decline"),
           rf"\b{_CANNOT} (?:generate|create|write|produce|provide|offer|share|give|engage in|discuss|support"
           rf"|promote|condone|"
           r"endorse|assist in|participate in)(?: you)?(?: with)?(?: any| the| such| that| this| a| an|"
           r" specific| personal)?"
           r"(?: kind of| type of)? ?(?:explicit|harmful|hateful|offensive|illegal|inappropriate|discriminatory"
           r"|violent|unethical|"
           r"sexual|medical advice|legal advice|financial advice|professional advice|personal opinions?|content that|"
           r"content of that|content|instructions (?:on|for)|information (?:that|on how)|text that|real-time"
           r"|role-?play)\b"),
    Phrase("refusal", "start", ("sorry", "apologi", "unfortunately"),
           r"(?:i'm|i am|we're|we are)?(?: truly| very| really| so)? ?(?:sorry|apologi[sz]e|my apologies|unfortunately)"
           r"(?: for (?:the|any) (?:confusion|inconvenience|misunderstanding))?,?\.?(?: but)?,? ?(?:as an ai|"
           r"i(?: can't| cannot| can not| am unable to|'m unable to| am not able to|'m not able to| won't| will not)"
           r" (?:assist|comply|fulfill?|generate|engage in|help (?:you )?with (?:that|this|your request)|create"
           r" (?:that|this|content|"
           r"any)|write (?:that|this|content|such)|answer that|continue this|do that\.))"),
    Phrase("refusal", "anywhere", ("my programming", "my guidelines", "my training data", "my knowledge cutoff", "my purpose"),
           r"\b(?:against|goes against|violates?|by|due to|beyond|within|outside|of|in|since|as of) my"
           r" (?:programming|guidelines|"
           r"training data|knowledge cutoff)\b|\bmy programming (?:does|prevents|doesn't|prohibits)|"
           r"\bmy (?:training data|knowledge) (?:only )?(?:goes up to|was cut off|ends in)|\bmy purpose is to"
           r" (?:assist|help|provide)"),
    Phrase("refusal", "anywhere", ("policy", "policies", "guidelines"),
           r"\b(?:violates?|against|in line with|comply with|adhere to|goes against) (?:openai|anthropic|google"
           r"|our|the|my|ethical)"
           r"(?:'s)? ?(?:content|usage|use case|safety|ethical) (?:policy|policies|guidelines)"),
    Phrase("refusal", "anywhere", ("i don't have", "i do not have"),
           r"\bi (?:don't|do not) have (?:personal (?:opinions|feelings|experiences|beliefs|emotions"
           r"|preferences)|feelings or|"
           r"(?:access to|the ability to access) real-?time|the capability to|a physical (?:body|form))"),
    Phrase("refusal", "anywhere", ("appropriate", "unethical", "comfortable"),
           r"\b(?:(?:it is|it's|it would be) (?:not appropriate|inappropriate|unethical|not ethical)(?: for me)? to|"
           r"i(?:'m| am) not comfortable) (?:generat|creat|writ|provid|produc|engag|discuss)"),
    Phrase("template", "anywhere", ("<|",), r"<\|[a-z0-9_ ]{1,40}\|>"),
    Phrase("template", "anywhere", ("[inst]", "[/inst]", "<<sys>>", "<</sys>>"), r"\[/?inst\]|<</?sys>>"),
    Phrase("template", "anywhere", ("_of_turn>", "</s>", "<eos>", "<bos>", "<pad>", "<unk>", "<think>", "</think>", "[mask]",
                                    "[sep]", "[cls]", "[unk]", "[pad]"),
           r"<(?:start|end)_of_turn>|</s>|<(?:eos|bos|pad|unk)>|</?think>|\[(?:mask|sep|cls|unk|pad)\]"),
    Phrase("template", "anywhere", ("###",),
           r"### ?(?:instruction|response|input|output|human|assistant|user|system|example)s?\b"),
    Phrase("template", "anywhere", ("{{", "{%"), r"\{\{ ?[a-z_][a-z0-9_. ]{0,40}\}\}|\{% ?[a-z][^%\n]{0,60}%\}"),
    Phrase("echo", "start", ("```",), r"```"),
    Phrase("placeholder", "anywhere", ("[",),
           r"\[(?:your|my|insert|enter|add|the|first|last|full|customer|client|user|recipient|sender|company"
           r"|business|bank|product|"
           r"account|order|card|transaction|phone|e-?mail|contact|specific|current|date|time|name|amount|city"
           r"|country|location|"
           r"address|number|website|link|url|store|restaurant|movie|person|job|event|topic|reason|blank"
           r"|placeholder|redacted)"
           r"(?:['’]s)?(?:[ _/-][a-z'’]{1,20}){0,5}\]"),
    Phrase("placeholder", "anywhere", ("<",),
           r"<(?:your|my|insert|customer|user|company|first|last|full) ?[a-z_ ]{1,30}>|<(?:name|text|label"
           r"|placeholder|date|amount)>"),
    Phrase("placeholder", "anywhere", ("xxx",), r"\b(?:\$|£|€)?x{3,12}(?:[ -]x{2,12}){1,5}\b"),
    Phrase("echo", "start", ("label", "category", "intent", "text", "sentence", "utterance", "message", "query", "output",
                             "review",
                             "response", "example", "sample", "sentiment", "class", "topic", "rewritten", "paraphrase"),
           r"(?:\d{1,3}[.)] )?(?:(?:customer|user|new|generated|input|output|rewritten|example|sample|revised)"
           r" )?(?:label|category|"
           r"intent|text|sentence|utterance|message|query|output|review|response|example|sample|sentiment|class|topic|"
           r"rewritten|paraphrase)(?: ?#?\d{1,4})?\*{0,2} ?:"),
    Phrase("echo", "anywhere", ("\nlabel", "\ncategory", "\nintent", "\nsentiment", "\n**label", "\nclass"),
           r"\n(?:\*\*)?(?:label|category|intent|sentiment|class)(?:\*\*)? ?:"),
    Phrase("preamble", "start", ("sure", "certainly", "course", "absolutely", "okay", "great", "alright", "definitely"),
           r"(?:sure(?: thing)?|certainly|of course|absolutely|okay|great|alright|definitely)(?:[!,.:]|,? here)"
           r" ?(?:here(?:'s|\b)|below|"
           r"i(?:'d| would) be (?:happy|glad)|i can help|let me (?:help|provide|write|create)|i'll (?:write"
           r"|create|generate|provide)|"
           r"the following)"),
    Phrase("preamble", "start", ("here's", "here is", "here are", "below is", "below are", "following is", "following are"),
           r"(?:here(?:'s| is| are)|below (?:is|are)|the following (?:is|are))(?: a| an| the| some| one|"
           r" another| your| \d{1,3}| two|"
           r" three| five| ten)?(?: [a-z-]{1,20}){0,4} (?:examples?|samples?|sentences?|quer(?:y|ies)|messages?"
           r"|reviews?|"
           r"utterances?|paraphrases?|rephrasings?|versions?|variations?|list|translations?|summary|outputs?"
           r"|responses?|answers?|"
           r"texts?|rewrites?|dialogues?|conversations?|instructions?)\b[^\n:]{0,100}:"),
    Phrase("preamble", "start", ("be happy to", "be glad to", "happy to help", "glad to help"),
           r"i(?:'d| would) be (?:happy|glad|delighted) to (?:help|assist)|i(?:'m| am) (?:happy|glad) to"
           r" (?:help|assist)"),
    Phrase("closing", "end", ("let me know",),
           r"\blet me know (?:if (?:you(?:'d| would)? (?:like (?:me to|more|any|another|further|additional)"
           r"|need (?:any )?(?:further|more "
           r"help|anything else|any help|additional|other)|have (?:any )?(?:other |further |more |additional"
           r" )?questions)|there(?:'s| is)"
           r" anything else|i can (?:help|assist)|this (?:helps|works for you)|that helps)|how i can (?:help|assist))"),
    Phrase("closing", "end", ("feel free to",),
           r"\bfeel free to (?:ask|reach out if you|modify|adjust|customi[sz]e|edit|let me know)\b"),
    Phrase("closing", "end", ("i hope this", "i hope that", "hope this helps"),
           r"\bhope (?:this|that|these) (?:helps|meets|works|example|examples|information|is helpful|are helpful)\b"),
    Phrase("closing", "end", ("anything else",),
           r"\b(?:is there )?anything else (?:i can|you(?:'d| would) like me|i may|you need help)\b"),
    Phrase("closing", "end", ("would you like me",), r"\bwould you like me to\b"),
    Phrase("closing", "end", ("note:", "disclaimer:", "explanation:"),
           r"[.!?\n)\"']\s{0,3}\(?(?:note|disclaimer|explanation): ?(?:this|these|the above|i have|i've|the"
           r" (?:text|review|example|sentence|message|"
           r"response|query)|as an ai|in this)\b"),
    Phrase("truncated", "end", ("truncated", "continue", "cut off", "to be cont"),
           r"[\[(<](?:truncated|continued|continues|to be continued|text (?:is )?cut off|cut off|output"
           r" truncated|message truncated)"
           r"[\])>]?\W{0,4}$"),
)  # fmt: skip
#: A text of several sentences that ends in one of these has lost its end.
_LAST = "the a an and or my your because but which their our its his whose"
_DANGLING = frozenset(_LAST.split())
_LEAST_WORDS = 20
_SENTENCE = re.compile(r"[.!?][\"')]? ")
_APOSTROPHES = {0x2019: "'", 0x2018: "'", 0x201C: '"', 0x201D: '"', 0x2011: "-", 0x00A0: " "}


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def boilerplate(text: str, categories: frozenset[str], echoes: tuple[str, ...] = ()) -> list[Hit]:
    """What of ``categories`` is in a text, in the order of the list, one hit for each entry; ``echoes`` are sentences of the
    prompt (folded) that no text should hold."""
    folded = text.translate(_APOSTROPHES).casefold() if not text.isascii() else text.casefold()
    hits = [
        Hit(phrase.category, found)
        for phrase in _PHRASES
        if phrase.category in categories and (found := _look(phrase, folded, text))
    ]
    if "echo" in categories:
        hits += [Hit("echo", sentence) for sentence in echoes if sentence in folded]
    if "truncated" in categories and (found := _dangling(folded)):
        hits.append(Hit("truncated", found))
    return hits


def _look(phrase: Phrase, folded: str, text: str) -> str | None:
    pattern = _compiled(phrase.pattern)
    if phrase.where == "start":
        head = folded[:EDGE].lstrip(" \t\r\n\"'*#>-_(")
        found = pattern.match(head) if any(needle in head for needle in phrase.needles) else None
        return found[0] if found else None
    if phrase.where == "end":
        tail = folded.rstrip()[-EDGE:]
        found = pattern.search(tail) if any(needle in tail for needle in phrase.needles) else None
        return found[0] if found else None
    for needle in phrase.needles:
        place, tried = folded.find(needle), 0
        while place >= 0 and tried < TRIED:
            start = max(0, place - AROUND)
            found = pattern.search(folded, start, place + AROUND)
            if found and not (phrase.category == "placeholder" and _is_redacted(found, folded, text)):
                return found[0]
            place, tried = folded.find(needle, place + len(needle)), tried + 1
    return None


def _is_redacted(found: re.Match[str], folded: str, text: str) -> bool:
    # Folding may change lengths ("ß"); where it did, the capitals cannot be told and the folded form decides.
    shown = text[found.start() : found.end()] if len(text) == len(folded) else found[0].upper()
    return _REDACTED.fullmatch(shown) is not None


def _dangling(folded: str) -> str | None:
    tail = folded[-EDGE:].rstrip()
    last = tail.rpartition(" ")[2]
    if last not in _DANGLING and not (last[-1:] == "," and last[:-1].isalpha()):
        return None
    if len(folded[:2000].split()) < _LEAST_WORDS or not _SENTENCE.search(folded[-2000:]):
        return None
    return f"... {tail[-40:]}"
