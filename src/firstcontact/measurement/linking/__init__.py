"""Who is who, and which contacts belong to one issue.

The rules, in the order in which they are applied. The engine (`linking.chain`, `linking.judge`) and the slow twin
(`reference`) both follow this text; when they differ, one of them is wrong.

**Time.** Moments are whole microseconds. A length from the policy or the fit becomes whole microseconds by rounding
(`round(days * 86_400_000_000)`), so that two engines never differ by a rounding of their own.

**Order.** Contacts of a customer are ordered by (`started_at`, `contact_id`). A contact's *end* is `ended_at`, or
`started_at` where that is missing. Its *anchor* is its start or its end, as the policy's `gap_from` says (`auto`: the
start for tickets, the end for contacts).

**Cause of exclusion**, the first that applies:

1. a code of the policy's `exclude`, in their order (the column's value is one of the values);
2. `channel`: the policy names channels and this is none of them (an unknown channel is none of them);
3. `outbound`, `abandoned`, `self_service` (channel is `self-service`): the policy's role for it is not `count`;
4. `no_customer`: unknown customer, and the policy excludes those;
5. `no_reason`: no reason, and the policy excludes those, and reasons matter (`reason_level` is not 0);
6. `part_of_contact`: a transferred leg, see below;
7. `before_since`: starts before `since`; `after_cutoff`: starts at or after the cut-off.

A contact *takes part* in linking unless cause 1, 2, 4 or 5 holds, or any of its special kinds (outbound, abandoned,
self-service) has the role `ignore`, or its customer is unknown. `return_only` contacts take part and are excluded
(never judged). A contact outside `since` and cut-off takes part. A leg takes no further part, and counts as not taking
part in the result.

**Legs.** Only for sources whose rows are contacts, and when `same_contact_seconds` is above 0. Among the contacts of
a customer that take part, on one channel (or all, with `same_contact_any_channel`; unknown channels are one channel),
in order: a contact is a leg when it starts no more than that many seconds after, and no more than that many seconds
before, the running maximum of the ends of the ones before it. The contact before its first leg is the head. The head's
end becomes the latest end of itself and its legs, its `transfers` its own (0 if missing) plus the number of legs, its
reason the first non-missing one among itself and its legs. Legs take no further part.

**Chain.** Contacts that take part are chained by customer and *key* (the reason cut to `reason_level`, "(none)" for a
missing one, "" at level 0). In order, with row i before row k:

- `previous_gap` of k = max(0, start of k - the running maximum of the anchors of all rows of its chain before it);
- `next_gap` of i = max(0, start of the following row of its chain - anchor of i).

**Related reasons.** A rule (earlier, later, days) holds between i and k of one customer with different keys, i before
k, when i's (full) reason lies within `earlier` and k's within `later`, or the other way round for a rule that goes
`both_ways`. With gap = max(0, start of k - anchor of i): k is a related repeat of i when gap <= days. If several rules
hold for a pair, the largest `days` counts. `related_next_gap` of i is the smallest such gap, `related_previous_gap`
of k likewise; both missing where there is none. Reasons that are missing lie within no rule.

**Window.** The fit gives each key a window and a look-back. The *horizon* of a contact is its window, or the `days` of
a rule on whose earlier side it stands when that is longer.

A key that the fit does not name has the window and the look-back that the policy declares. The flags below are false,
and the names missing, for contacts that take no part; `mature` is found for all.

- `returned`: next_gap <= window, or there is a related_next_gap. Never for an unknown customer.
- `repeat`: previous_gap <= window, or there is a related_previous_gap.
- `repeat_of`: for a repeat, the last contact in order among the preceding row of its chain (if previous_gap <= window)
  and the contacts of which it is a related repeat.
- `issue_id`: the contact that following `repeat_of` to its end leads to; `issue_start`: it is that contact itself.
- `opener`: not a repeat, and previous_gap > look-back or no previous row.
- `left_censored`: an opener that starts less than its look-back after the data begin, so nobody knows what came before.
- `history_short`: takes part and starts less than its window after the data begin: whether it is a repeat is not known
  for all such contacts, so none of them is asked, not even those that are seen to be one.
- `mature`: anchor + horizon <= cut-off; always, for a policy that does not ask for `returned`.
- `index_eligible`: not excluded, and for `index = openers` an opener that is not left-censored.

**Unknown customers** with `missing_customer = single` are not excluded, never returned, no repeat, and openers of an
issue of their own (their contact's id); the other rules apply. Causes 1, 2 and 5 and the role `ignore` bar them as they
bar everybody.

**Redial.** An abandoned contact is `redialled` when the same customer has a later contact (in order, any reason, any
channel, whatever excludes it, not outbound) that starts within `redial_minutes` of its end.

**Case events** of a contact count when they are no later than `events_days` after its start. Whether the data support
a signal is decided on all rows and events given.

**State.** A contact is settled or not as its `settled` column says; where that is missing, as its own case events say
(settled last, or not), late ones left out; where it has no case event either, an abandoned contact is not settled, and
of any other nothing is known.

**The whole contact.** What is seen on a head is what is seen on the contact: an escalation of the head or any of its
legs; the last state, agent's word, wrap-up and answer to each survey question that the head or a leg records, in order.
Beside these, the end, the reason and the transfers, a head keeps what its own row says, and legs keep all of theirs.

**Verdict** of a contact that is eligible and mature, the first that applies:

1. `left_out`: any of `left_out_when` holds (its code, or the signal's name, goes to the ledger);
2. `no`: any of `counts_when` is not met, or its signal is missing and `missing` says `fails`;
3. `left_out` (code `not_recorded`): a signal of `counts_when` is missing and `missing` says `left_out`;
4. `unsettled`: any of `unsettled_when` holds, or a signal is missing and `missing` says `unsettled`;
5. `yes`.

A condition with channels is asked only of contacts on them. A missing signal never meets a condition of
`left_out_when` or `unsettled_when`.
"""
