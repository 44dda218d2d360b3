"""How likely a contact was resolved, given everything seen about it: a score to be corrected, never a figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RETURN_DAYS = (1.0, 3.0, 7.0, 14.0, 30.0)
"""Upper ends of the classes of lags to a return; a last class has none."""
LAGS = len(RETURN_DAYS) + 2
"""No return, and the classes of lags."""
BEHAVIOURS, ANSWERS = 2 * LAGS, 3
"""Behaviour is the class of the lag (0 for no return) plus `LAGS` where the record was opened again; an answer (survey,
wrap-up) is 0 none, 1 yes, 2 no."""

_RETURN_GUESS, _REOPEN_GUESS = (0.6, 0.1), (0.3, 0.02)
_LAG_GUESS = np.array([[0.3, 0.2, 0.2, 0.15, 0.1, 0.05], [0.03, 0.06, 0.11, 0.2, 0.4, 0.2]])
_ANSWER_GUESS = np.array([[0.6, 0.1, 0.3], [0.6, 0.35, 0.05]])
_PRIOR_CONTACTS = 40.0
_LEAST = 1e-6


@dataclass(frozen=True, slots=True)
class LatentClass:
    """Two hidden classes, resolved and not, behind a table of patterns.

    Attributes:
        score: P(resolved | pattern), above 0 and below 1, shape (reasons, BEHAVIOURS, 3, 3): reason, behaviour, survey,
            wrap-up.
        prevalence: Size of the class by reason, shape (reasons,). A nuisance of the model: it is not an estimate of
            how many were resolved, for silent give-up looks resolved in every signal.
        signals: How many of behaviour, survey and wrap-up vary; below 2 the classes rest on the guesses they began
            with.
        converged: Whether the likelihood had settled when the iterations ended.
    """

    score: Array
    prevalence: Array
    signals: int
    converged: bool


def latent_class(counts: Array, *, iterations: int = 300, tolerance: float = 1e-7) -> LatentClass:
    """Fit the two classes.

    Estimand: none that may be published. P(resolved | signals) under the model; it ranks contacts, and
        `prediction_powered` corrects whatever is wrong with it by labels.
    Formula: P(behaviour b, survey s, wrap-up w | reason r) = sum over classes k of pi_rk B_rk(b) S_k(s) W_k(w), by EM.
        Behaviour (how soon the customer came back, and whether the record was opened again) is coded jointly, since
        one depends on the other; its table is the reason's own, drawn towards that of all reasons by a prior of 40
        contacts a class, and so is pi. A survey that was not answered is a value of its own, so that response which
        depends on the outcome is part of the model.
    Assumes: given class and reason, behaviour, survey and wrap-up are independent.
    Lies when: they are not, which cannot be seen from these signals: where returns, reopens and surveys all follow one
        behaviour (coming back), customers who give up silently count as resolved.
    Oracle: recovery of drawn classes that meet the assumption; the label swap cannot happen, since class 1 is the one
        in which more signals speak for having been resolved.
    References: Dawid, A. P. & Skene, A. M. (1979), Applied Statistics 28(1); Hui, S. L. & Walter, S. D. (1980),
        Biometrics 36(1); Pepe, M. S. & Janes, H. (2007), Biostatistics 8(2), on what such models cannot tell.

    Args:
        counts: Contacts, shape (reasons, BEHAVIOURS, 3, 3); any of them may be 0.
        iterations: At most so many rounds.
        tolerance: The mean log-likelihood of a contact grows by less than this when it has settled.

    Returns:
        The score of every pattern, also of patterns and reasons that hold no contact.

    >>> seen = np.zeros((1, BEHAVIOURS, 3, 3))
    >>> seen[0, 0, 1, 1], seen[0, 1, 2, 2], seen[0, 0, 0, 0] = 60, 20, 20
    >>> fitted = latent_class(seen)
    >>> bool(fitted.score[0, 0, 1, 1] > 0.9 > 0.1 > fitted.score[0, 1, 2, 2])
    True
    """
    reasons = len(counts)
    total = float(counts.sum())
    prevalence = np.full((reasons, 2), [0.25, 0.75])
    behaviour = np.broadcast_to(_guess(), (reasons, 2, BEHAVIOURS)).copy()
    survey, wrap_up = _ANSWER_GUESS.copy(), _ANSWER_GUESS.copy()
    # Most sources hold no survey or no wrap-up: what no contact says is left out of the rounds.
    told, done = (np.flatnonzero(counts.sum(axis=axes)) for axes in ((0, 1, 3), (0, 1, 2)))
    held = counts[:, :, told][:, :, :, done]
    score, known = _score(prevalence, behaviour, survey[:, told], wrap_up[:, done])
    before, settled = -np.inf, total <= 0
    for _ in range(iterations if total > 0 else 0):
        members = np.stack([held * (1 - score), held * score], axis=1)  # (reasons, class, b, s, w)
        size = members.sum(axis=(2, 3, 4))
        pooled = size.sum(axis=0) / total
        prevalence = _drawn(size, pooled, np.full((reasons, 1), _PRIOR_CONTACTS))
        each = members.sum(axis=(3, 4))
        behaviour = _drawn(each, _share(each.sum(axis=0), _guess()), np.full((reasons, 2, 1), _PRIOR_CONTACTS))
        survey = _share(_placed(members.sum(axis=(0, 2, 4)), told), _ANSWER_GUESS)
        wrap_up = _share(_placed(members.sum(axis=(0, 2, 3)), done), _ANSWER_GUESS)
        score, known = _score(prevalence, behaviour, survey[:, told], wrap_up[:, done])
        likelihood = float((held * np.log(known)).sum() / total)
        settled = likelihood - before < tolerance
        before = likelihood
        if settled:
            break
    score, _ = _score(prevalence, behaviour, survey, wrap_up)
    if _direction(behaviour, survey, wrap_up, counts) < 0:
        score, prevalence = 1 - score, prevalence[:, ::-1]
    return LatentClass(score, prevalence[:, 1].copy(), _signals(counts), bool(settled))


def _guess() -> Array:
    """Behaviour of the two classes before anything is known, shape (2, BEHAVIOURS)."""
    rows = []
    for returned, reopened, lags in zip(_RETURN_GUESS, _REOPEN_GUESS, _LAG_GUESS, strict=True):
        rows.append(np.outer([1 - reopened, reopened], [1 - returned, *(returned * lags)]).ravel())
    return np.array(rows)


def _placed(members: Array, at: NDArray[np.int64]) -> Array:
    """Members by class of some answers, among all answers."""
    out = np.zeros((2, ANSWERS))
    out[:, at] = members
    return out


def _share(members: Array, guess: Array) -> Array:
    """Shares along the last axis, with one contact's worth of the guess so that none is exactly 0."""
    return np.asarray((members + guess) / (members.sum(axis=-1, keepdims=True) + 1.0), dtype=float)


def _drawn(members: Array, towards: Array, prior: Array) -> Array:
    """Shares along the last axis, drawn towards common ones."""
    return np.asarray((members + prior * towards) / (members.sum(axis=-1, keepdims=True) + prior), dtype=float)


def _score(prevalence: Array, behaviour: Array, survey: Array, wrap_up: Array) -> tuple[Array, Array]:
    """P(class 1 | pattern), and the probability of the pattern."""
    joint = prevalence[:, :, None, None, None] * behaviour[:, :, :, None, None]
    joint = joint * survey[None, :, None, :, None] * wrap_up[None, :, None, None, :]
    known = np.maximum(joint.sum(axis=1), 1e-300)
    return np.clip(joint[:, 1] / known, _LEAST, 1 - _LEAST), known


def _direction(behaviour: Array, survey: Array, wrap_up: Array, counts: Array) -> float:
    """Above 0 where class 1 comes back less and hears more often that it is resolved."""
    weight = counts.sum(axis=(1, 2, 3))
    came_back = (behaviour[:, :, 1:].sum(axis=2) * weight[:, None]).sum(axis=0) / max(float(weight.sum()), 1.0)
    spoken = sum(float(_yes(answers)[1] - _yes(answers)[0]) for answers in (survey, wrap_up))
    return float(came_back[0] - came_back[1]) + spoken


def _yes(answers: Array) -> Array:
    """P(yes | answered), by class."""
    return np.asarray(answers[:, 1] / (answers[:, 1] + answers[:, 2]), dtype=float)


def _signals(counts: Array) -> int:
    behaviour, survey, wrap_up = (counts.sum(axis=axes) for axes in ((0, 2, 3), (0, 1, 3), (0, 1, 2)))
    return sum(int((seen > 0).sum() > 1) for seen in (behaviour, survey[1:], wrap_up[1:]))
