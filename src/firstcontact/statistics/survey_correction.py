"""What all customers would say, from what the few who answer say and from what is seen of everybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from firstcontact.statistics.bucket import Array
from firstcontact.statistics.categorical_logistic import Codes, categorical_logistic

FOLDS = 5
"""Customers in as many parts; what is predicted for one is learned from the others."""
LEAST_RESPONSE = 0.01
"""Chances of answering are taken for at least this: one answer then stands for at most 100 contacts."""
TIPPING = 0.03
"""By how much the figure must move to count as tipped: 3 percentage points."""
UNHEARD = 0.05
"""Above this share of contacts of which nobody answers, there is no figure for all of them."""
_CHANCE = 0.01
LOW_RESPONSE, HIGH_EFFECT = 0.05, 3.0
"""Below this response, or above this design effect, a figure is indicative only."""


@dataclass(frozen=True, slots=True)
class SurveyModel:
    """Who answers, and what they say, by pattern.

    Attributes:
        response: P(answers | pattern), shape (patterns, folds), at least `LEAST_RESPONSE`; that of a fold is learned
            from the other folds.
        outcome: P(says resolved | pattern), likewise.
        rate: Share of contacts with an answer.
        trimmed: Share of contacts whose chance of answering was raised to `LEAST_RESPONSE`.
        representativeness: R-indicator, 1 - 2 sd(response): 1 where everybody is as likely to answer.
        effect: Kish's design effect of the weights: how many times more answers would be needed than if everybody
            were as likely to answer.
        tipping_down: Odds ratio of answering, resolved against unresolved and beyond all that is seen, that would put
            the truth `TIPPING` below the figure; above 1. Infinite where nothing would.
        tipping_up: The same for the truth above the figure; below 1, and 0 where nothing would.
    """

    response: Array
    outcome: Array
    rate: float
    trimmed: float
    representativeness: float
    effect: float
    tipping_down: float
    tipping_up: float

    @property
    def indicative(self) -> bool:
        """Whether so few answer, or so unevenly, that a figure is an indication at best."""
        return indicative(self.rate, self.effect)


def indicative(rate: float, effect: float) -> bool:
    """Whether a response rate and a design effect allow an indication only.

    >>> indicative(0.12, 1.4), indicative(0.03, 1.4), indicative(0.12, 3.5)
    (False, True, True)
    """
    return rate < LOW_RESPONSE or effect > HIGH_EFFECT


def survey_model(factors: Sequence[Codes], contacts: Array, answered: Array, yes: Array) -> SurveyModel | None:
    """Learn who answers and what they say.

    Estimand: S-FCR, the share of customers who would say that it is resolved if everybody answered. The figure of a
        cell is the mean over its contacts of phi = m + R / e (Y - m), with R whether there is an answer, Y the answer,
        e = `response` and m = `outcome` of the contact's pattern and fold.
    Formula: e and m by logistic regression with ridge on the factors, cross-fitted over customers; e at least 1 %.
        The mean of phi is right where either e or m is (double robustness); its variance is that of phi between
        customers.
    Assumes: among contacts alike in every factor, those who answer would say the same as those who do not. With
        behaviour after the contact among the factors (return, reopen, wrap-up code) this is far weaker than with reason
        and channel alone.
    Lies when: answering depends on the outcome beyond all that is seen; `tipping_down` and `tipping_up` say how much of
        that it takes. Customers who are never asked are never represented: `unheard` looks for them.
    Oracle: with everybody answering, the plain share; with one pattern, the plain share of the answers; recovery where
        response depends on what is seen.
    References: Robins, J. M., Rotnitzky, A. & Zhao, L. P. (1994), JASA 89; Chernozhukov, V. et al. (2018), Econometrics
        Journal 21(1), on cross-fitting; Schouten, B., Cobben, F. & Bethlehem, J. (2009), Survey Methodology 35(1), on
        the R-indicator; Kish, L. (1992), Journal of Official Statistics 8(2); Scharfstein, D. O., Rotnitzky, A. &
        Robins, J. M. (1999), JASA 94, on tilting the odds of the outcome by those of answering.

    Args:
        factors: For each factor the level of every pattern, from 0, shape (patterns,).
        contacts: Contacts by pattern and fold, shape (patterns, folds).
        answered: How many of them were answered.
        yes: How many of the answers say resolved.

    Returns:
        The model, or None where there is no answer at all.
    """
    if answered.sum() <= 0:
        return None
    response, outcome = np.empty(contacts.shape), np.empty(contacts.shape)
    for fold in range(contacts.shape[1]):
        others = [part for part in range(contacts.shape[1]) if part != fold]
        learned = others if answered[:, others].sum() > 0 else list(range(contacts.shape[1]))
        own, said, agreed = (sums[:, learned].sum(axis=1) for sums in (contacts, answered, yes))
        response[:, fold] = categorical_logistic(factors, own, said)
        outcome[:, fold] = categorical_logistic(factors, said, agreed)
    total = float(contacts.sum())
    trimmed = float(contacts[response < LEAST_RESPONSE].sum() / total)
    response = np.maximum(response, LEAST_RESPONSE)
    mean = float((contacts * response).sum() / total)
    spread = float(np.sqrt((contacts * (response - mean) ** 2).sum() / total))
    weight, square = float((answered / response).sum()), float((answered / response**2).sum())
    down, up = _tipping(contacts, answered, yes, outcome)
    return SurveyModel(
        response=response,
        outcome=outcome,
        rate=float(answered.sum() / total),
        trimmed=trimmed,
        representativeness=1 - 2 * spread,
        effect=float(answered.sum()) * square / weight**2,
        tipping_down=down,
        tipping_up=up,
    )


def unheard(cells: Codes, groups: Sequence[Codes], contacts: Array, answered: Array) -> NDArray[np.bool_]:
    """Patterns of which nobody, or hardly anybody, answers, so that no answer stands for them.

    Estimand: whether the chance of answering is below `LEAST_RESPONSE` (positivity fails), for each cell of reason and
        channel.
    Formula: a cell is unheard if less than 1 % of it answers and that is no accident: as few answers, in the cell or in
        one of the groups that it belongs to, would have a probability below 1 % (Poisson). Of a group that many are
        expected as answer of as many contacts overall; of a cell as many as its groups' rates make together.
    Assumes: what luck leaves without an answer is spread over reasons and channels.
    Lies when: cells are so small that none could be expected to answer, and their group has answers: they pass for
        heard.
    Oracle: worlds in which a reason, a channel or one of the other is never asked.
    References: Petersen, M. L. et al. (2012), Statistical Methods in Medical Research 21(1), on positivity.

    Args:
        cells: The cell of every pattern, from 0.
        groups: Its reason, its channel, and what else shares one chance of answering; the first two make the cell.
        contacts: Contacts by pattern and fold.
        answered: How many of them were answered.

    Returns:
        One truth value a pattern.

    >>> asked, each = np.array([[60.0], [0.0]]), np.arange(2)
    >>> unheard(each, [each, each * 0], np.array([[500.0], [500.0]]), asked).tolist()
    [False, True]
    """
    n, said = contacts.sum(axis=1), answered.sum(axis=1)
    overall = float(said.sum() / max(n.sum(), 1.0))
    if overall <= 0:
        return np.ones(len(n), dtype=np.bool_)
    held, spoke = _within(cells, n), _within(cells, said)
    rare = spoke < LEAST_RESPONSE * held
    rates, silent = [], np.zeros(len(n), dtype=np.bool_)
    for group in groups:
        own, heard = _within(group, n), _within(group, said)
        rates.append(heard / np.maximum(own, 1.0))
        silent |= _below(heard, own, overall)
    together = rates[0] * rates[1] / overall
    return rare & (silent | _below(spoke, held, together))


def _within(groups: Codes, values: Array) -> Array:
    """For each row the sum over the group it belongs to."""
    return np.asarray(np.bincount(groups, values)[groups], dtype=float)


def _below(said: Array, contacts: Array, rate: Array | float) -> NDArray[np.bool_]:
    """Whether less than `LEAST_RESPONSE` answered, and at a rate as given hardly ever so few would."""
    from scipy.special import pdtr

    return np.asarray((said < LEAST_RESPONSE * contacts) & (pdtr(said, contacts * rate) < _CHANCE), dtype=np.bool_)


def tilted(contacts: Array, answered: Array, yes: Array, outcome: Array, odds: float) -> float:
    """The share that would say resolved if, of contacts alike, resolved ones answered with `odds` times the odds.

    Args:
        contacts: Contacts by pattern and fold.
        answered: How many of them were answered.
        yes: How many of the answers say resolved.
        outcome: P(says resolved | pattern) among those who answer.
        odds: The odds ratio of answering, resolved against unresolved; 1 for none.

    Returns:
        The share, 0 to 1.

    >>> round(tilted(np.array([[100.0]]), np.array([[20.0]]), np.array([[15.0]]), np.array([[0.75]]), 1.0), 3)
    0.75
    """
    silent = outcome / (outcome + (1 - outcome) * odds)
    return float((yes + (contacts - answered) * silent).sum() / contacts.sum())


def _tipping(contacts: Array, answered: Array, yes: Array, outcome: Array) -> tuple[float, float]:
    """The odds ratios that move the share down and up by `TIPPING`."""
    from scipy.optimize import brentq

    figure, widest = tilted(contacts, answered, yes, outcome, 1.0), 10.0

    def moved(log_odds: float, target: float) -> float:
        return tilted(contacts, answered, yes, outcome, float(np.exp(log_odds))) - target

    down, up = np.inf, 0.0
    if moved(widest, figure - TIPPING) < 0:
        down = float(np.exp(brentq(moved, 0.0, widest, args=(figure - TIPPING,))))
    if moved(-widest, figure + TIPPING) > 0:
        up = float(np.exp(brentq(moved, -widest, 0.0, args=(figure + TIPPING,))))
    return down, up
