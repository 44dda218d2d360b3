"""How answers are written and what they are worth: figures on a scale, words in order, stars, faces."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from firstcontact.adapters.connectors.tabular.mapping import Scale

Step = frozenset[str]


def _steps(*steps: str) -> tuple[Step, ...]:
    return tuple(frozenset(word.strip() for word in step.split("|")) for step in steps)


ORDERS: tuple[tuple[Step, ...], ...] = (
    _steps(
        "bad|offered bad|poor|unhappy|negative|dissatisfied|not satisfied|unsatisfied|thumbs down|👎|😞|no|"
        "недоволен|недоволна|лошо|לא מרוצה|לא|רע|unzufrieden|schlecht|insatisfecho|malo|insatisfait|mauvais|不满意",
        "good|offered good|great|happy|positive|satisfied|thumbs up|👍|😃|yes|"
        "доволен|доволна|добро|מרוצה|כן|טוב|zufrieden|gut|satisfecho|bueno|satisfait|bon|满意",
    ),
    _steps(
        "bad|poor|unhappy|negative|dissatisfied|not satisfied|unsatisfied|🙁|☹|☹️|😞|недоволен|недоволна|לא מרוצה|"
        "unzufrieden|insatisfecho|insatisfait|不满意",
        "neutral|ok|okay|average|neither|mixed|😐|неутрален|неутрално|средно|ניטרלי|בינוני|neutro|neutre|一般",
        "good|happy|positive|satisfied|great|🙂|😀|😃|доволен|доволна|מרוצה|zufrieden|satisfecho|satisfait|满意",
    ),
    _steps(
        "very dissatisfied|extremely dissatisfied|highly dissatisfied|very unsatisfied|completely dissatisfied|"
        "very unhappy|extremely unhappy|много недоволен|много недоволна|напълно недоволен|מאוד לא מרוצה|"
        "לא מרוצה כלל|sehr unzufrieden|"
        "muy insatisfecho|très insatisfait|非常不满意",
        "dissatisfied|somewhat dissatisfied|unsatisfied|unhappy|недоволен|недоволна|по-скоро недоволен|לא מרוצה|"
        "unzufrieden|eher unzufrieden|insatisfecho|insatisfait|不满意",
        "neutral|neither satisfied nor dissatisfied|neither|ok|okay|неутрален|нито доволен, нито недоволен|ניטרלי|"
        "neutro|neutre|一般",
        "satisfied|somewhat satisfied|happy|доволен|доволна|по-скоро доволен|מרוצה|zufrieden|eher zufrieden|satisfecho|"
        "satisfait|满意",
        "very satisfied|extremely satisfied|highly satisfied|completely satisfied|very happy|extremely happy|"
        "много доволен|много доволна|напълно доволен|מרוצה מאוד|מאוד מרוצה|sehr zufrieden|muy satisfecho|"
        "très satisfait|非常满意",
    ),
    _steps(
        "strongly disagree|completely disagree|totally disagree|напълно несъгласен|מאוד לא מסכים|"
        "stimme überhaupt nicht zu|totalmente en desacuerdo|pas du tout d'accord|非常不同意",
        "disagree|somewhat disagree|несъгласен|לא מסכים|stimme nicht zu|en desacuerdo|pas d'accord|不同意",
        "neutral|neither agree nor disagree|undecided|neither|неутрален|ניטרלי|weder noch|neutro|neutre|中立",
        "agree|somewhat agree|съгласен|מסכים|stimme zu|de acuerdo|d'accord|同意",
        "strongly agree|completely agree|totally agree|напълно съгласен|מאוד מסכים|מסכים מאוד|stimme voll zu|"
        "totalmente de acuerdo|tout à fait d'accord|非常同意",
    ),
    _steps(
        "very difficult|very hard|extremely difficult|много трудно|קשה מאוד|sehr schwer|muy difícil|très difficile",
        "difficult|hard|somewhat difficult|трудно|קשה|schwer|difícil|difficile",
        "neutral|neither easy nor difficult|neither|ok|okay|неутрално|ניטרלי|neutro|neutre",
        "easy|somewhat easy|лесно|קל|leicht|fácil|facile",
        "very easy|extremely easy|много лесно|קל מאוד|sehr leicht|muy fácil|très facile",
    ),
    _steps(
        "terrible|very poor|very bad|awful|horrible|много лошо|גרוע מאוד|sehr schlecht|muy malo|"
        "très mauvais|😠|😡|🤬|很差",
        "bad|poor|below average|лошо|גרוע|schlecht|malo|mauvais|🙁|☹|☹️|😞|差",
        "ok|okay|average|fair|neutral|acceptable|средно|בינוני|mittel|regular|moyen|😐|一般",
        "good|great|above average|добро|добре|טוב|gut|bueno|bon|🙂|😃|😀|好",
        "amazing|excellent|very good|outstanding|отлично|много добро|מצוין|sehr gut|ausgezeichnet|excelente|muy bueno|"
        "excellent|très bon|🤩|😍|非常好",
    ),
    _steps("poor", "fair", "good", "very good", "excellent"),
    _steps("extremely unhappy", "very unhappy", "unhappy", "neutral", "happy", "very happy", "extremely happy"),
)  # fmt: skip
"""Words in order from worst to best. A column is read by the order that tells most of its words apart; of equal ones by
the first."""

UNANSWERED: Step = frozenset(
    {
        "offered", "unoffered", "not offered", "not rated", "no rating", "expired", "sent", "not answered",
        "no answer", "unanswered", "no response", "not sent", "skipped", "pending", "unrated", "без отговор",
        "לא נענה", "未评价",
    }
)  # fmt: skip
"""What a system writes where nobody answered."""

_FIGURE = re.compile(
    r"^(\d+(?:[.,]\d+)?) ?(?:%|stars?|points?|звезди|כוכבים|/ ?\d+|out of \d+|[-–—:(].*)?$", re.IGNORECASE
)
_STARS = re.compile(r"^[★⭐🌟☆\ufe0f\s]+$")
NEAR, FAR = 0.02, 0.05
"""Up to these shares of the answers may be typing errors: up to twice the scale's end, and beyond. A scale is not
widened for them where people do choose its end."""


def figure_of(answer: str) -> float | None:
    """The figure that an answer begins with, or the number of its stars.

    >>> figure_of("4 - Satisfied"), figure_of("5/5"), figure_of("★★★☆☆"), figure_of("80%"), figure_of("-1")
    (4.0, 5.0, 3.0, 80.0, None)
    """
    text = answer.strip()
    if found := _FIGURE.match(text):
        return float(found[1].replace(",", "."))
    if _STARS.match(text):
        return float(sum(text.count(star) for star in "★⭐🌟"))
    return None


def plain_number(answer: str) -> bool:
    """Whether an answer is a bare number, negative ones included.

    >>> plain_number("3,5"), plain_number("-1"), plain_number("4 stars")
    (True, True, False)
    """
    return re.fullmatch(r"-?\d+([.,]\d+)?%?", answer.strip()) is not None


def order_of(answers: Iterable[str]) -> tuple[Step, ...] | None:
    """The order of words that all of these belong to; None where there is none.

    >>> len(order_of(["Good", "Bad"])), len(order_of(["Very satisfied", "Neutral"])), order_of(["Good", "soon"])
    (2, 5, None)
    """
    folded = {" ".join(answer.casefold().split()) for answer in answers} - UNANSWERED
    if not folded:
        return None
    known = [steps for steps in ORDERS if all(any(word in step for step in steps) for word in folded)]
    # Two words for one step are worse than a step for each: "good" below "very good" below "excellent".
    return max(known, key=lambda steps: sum(bool(step & folded) for step in steps), default=None)


def worth(answer: str, steps: Sequence[Step]) -> float | None:
    """What a word is worth, 0 for the worst and 1 for the best of its order.

    >>> worth("Neutral", order_of(["Very satisfied", "Neutral"]))
    0.5
    """
    folded = " ".join(answer.casefold().split())
    return next((place / (len(steps) - 1) for place, step in enumerate(steps) if folded in step), None)


def scale_of(figures: Counter[float]) -> tuple[Scale | None, bool]:
    """The ends of a scale, from the answers given: the smallest of the usual scales that fits them.

    A few answers outside (typing errors) do not widen a scale whose end the others reach.

    Args:
        figures: How often each figure occurs.

    Returns:
        The scale, and whether 0 on it means that nobody answered: a scale that begins at 1 has no 0.

    >>> scale_of(Counter({1: 5, 3: 2, 5: 9})), scale_of(Counter({0: 9, 4: 2, 5: 7}))
    ((Scale(low=1, high=5), False), (Scale(low=1, high=5), True))
    >>> scale_of(Counter({0: 1, 4: 2, 10: 7})), scale_of(Counter({0.25: 2, 1: 7}))
    ((Scale(low=0, high=10), False), (Scale(low=0, high=1), False))
    >>> scale_of(Counter({1: 90, 4: 30, 5: 200, 55: 1, 100: 1}))
    (Scale(low=1, high=5), False)
    >>> scale_of(Counter({0: 90, **{n: 3 for n in range(1, 11)}}))
    (Scale(low=1, high=10), True)
    """
    if not figures:
        return None, False
    total = sum(figures.values())
    allowed = max(FAR * total, 1 if total >= 15 else 0)
    for top in (5.0, 7.0, 10.0):
        inside = {figure: n for figure, n in figures.items() if 0 <= figure <= top}
        outside = total - sum(inside.values())
        near = sum(n for figure, n in figures.items() if top < figure <= 2 * top)
        if 0 < outside <= allowed and near <= max(NEAR * total, 1) and inside.get(top, 0) >= 0.05 * total:
            return _exact(inside)
    found = _exact(figures)
    return found if found[0] is not None else _loose(figures)


def _exact(figures: Mapping[float, int]) -> tuple[Scale | None, bool]:
    """A scale whose upper end somebody chose."""
    low, high = min(figures), max(figures)
    if low < 0:
        return None, False
    if high == 1:
        return (Scale(0, 1), False) if low < 1 else (Scale(1, 5), False)
    zeros = figures.get(0.0, 0)
    rest = {figure: n for figure, n in figures.items() if figure != 0}
    whole = all(float(figure).is_integer() for figure in rest)
    if high in (3, 5, 7) and min(rest) >= 1:
        return Scale(1, high), bool(zeros)
    if high == 10:
        # Zero is an answer there, unless it is far commoner than the one beside it and than half of all.
        unanswered = bool(zeros) and whole and zeros > 0.5 * sum(figures.values()) and zeros > 10 * rest.get(1.0, 0)
        return (Scale(1, 10), unanswered) if not zeros or unanswered else (Scale(0, 10), False)
    return (Scale(0, 100), False) if high == 100 else (None, False)


def _loose(figures: Counter[float]) -> tuple[Scale | None, bool]:
    """The smallest usual scale that holds all, though nobody chose its upper end."""
    low, high = min(figures), max(figures)
    if low < 0:
        kept = Counter({figure: n for figure, n in figures.items() if figure >= 0})
        few = sum(figures.values()) - sum(kept.values()) <= 0.2 * sum(figures.values())
        return scale_of(kept) if kept and few else (None, False)
    zeros = 0 in figures
    for bottom, top in ((1, 5), (0, 10), (0, 100)) if high > 1 else ((0, 1),):
        if high <= top and (low >= bottom or (zeros and bottom == 1)):
            return Scale(bottom, top), zeros and bottom == 1
    return None, False
