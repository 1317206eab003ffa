"""When a voter votes, whose votes end a term, and who leads next. Pure decisions; why they are safe: docs/failover.md."""

from dataclasses import dataclass

from voter_view import NOBODY

# What a look at the leader shows: its Postgres accepts or its Patroni answers; its host has no Postgres; neither.
ACCEPTS, REFUSES, SILENT = "accepts", "refuses", "silent"
# Fewer failures than this may be one lost packet and its repetition.
FEWEST_FAILURES = 3
# How long a standby must look cut off before it gives its word: what its Postgres was told reaches all its processes by then.
SETTLING = 0.1


@dataclass
class Suspicion:
    """Since when the leader of one term has been unreachable. Times are of a clock that nobody sets."""

    patience: float
    # The same while its host refuses: that one lives, and says that no server is there.
    patience_with_refusal: float
    leadership: "object | None" = None
    since: "float | None" = None
    refused_since: "float | None" = None
    until: float = 0
    failures: int = 0

    def observe(self, started, ended, leadership, look):
        """True when it is time to vote, after a look from `started` to `ended`. `look` is None when nothing can be said."""
        if leadership != self.leadership:
            self.leadership, self.since = leadership, None
        if leadership is None or look is None or look == ACCEPTS:
            self.since = None
            return False
        # A voter that was asleep has not watched: its own host may have been what stood still.
        if self.since is None or started - self.until > self.patience:
            self.since, self.refused_since, self.failures = started, None, 0
        if look != REFUSES:
            self.refused_since = None
        elif self.refused_since is None:
            self.refused_since = started
        self.until = ended
        self.failures += 1
        refused = self.refused_since is not None and ended - self.refused_since >= self.patience_with_refusal
        return refused or self.failures >= FEWEST_FAILURES and ended - self.since >= self.patience


@dataclass
class Settled:
    """Whether a standby's Postgres has been cut off for long enough, with nothing received in between."""

    seen: "tuple | None" = None
    since: float = 0

    def observe(self, now, interregnum, received):
        """`received` is None when it is not cut off, or does not answer."""
        if (interregnum, received) != self.seen:
            self.seen, self.since = (interregnum, received), now
        return received is not None and now - self.since >= SETTLING


def is_abandoned(view):
    """Whether a bootstrap was begun that nobody does. None while there is no bootstrap.

    Patroni asks etcd to be the one who begins; when the answer "yes" is lost it asks again, is told "no", and every member
    waits for another for ever (seen on a busy machine).
    """
    if view.bootstrap == 0 or view.leadership is not None or not view.addresses:
        return None
    return not view.at_work


def may_act(view):
    """Only when commits wait for standbys, and nobody else is at work on who leads."""
    return (
        view.leadership is not None
        and view.synchronous
        and not view.paused
        and not view.switching
        and view.sync is not None
        and len(view.sync.standbys) > 0
    )


def is_suspect(view, member):
    """Whether `member` should watch the present leader."""
    return may_act(view) and view.leadership.member not in (NOBODY, member)


def votes_to_end(view, voters):
    """The votes that end the present term, or none.

    A majority of all members, so that a leader stays which most can reach; and so many of those who may have commits that the
    next leader can be found among them, or ending the term would only stop writes.
    """
    if not may_act(view) or view.leadership.member not in view.sync.members:
        return ()
    cast = {
        v.voter: v
        for v in view.votes
        if v.against == view.leadership and v.voter in voters and v.voter != view.leadership.member
    }
    enough = len(cast) >= len(voters) // 2 + 1 and len(cast.keys() & view.sync.members) > view.sync.quorum
    return tuple(cast.values()) if enough else ()


def may_resign(view, member):
    """Whether `member` leads, and others may lead after it."""
    return may_act(view) and view.leadership.member == view.sync.leader == member


def is_interregnum(view):
    """Whether voters have ended a term and nobody has touched anything since: both keys were written together."""
    return may_act(view) and view.leadership.member == NOBODY and view.sync.revision == view.leader_changed


def must_pledge(view, member):
    return is_interregnum(view) and member in view.sync.members


def successor(view):
    """(member, pledges) once more members than the quorum have pledged, else None.

    From then on the leader of before can acknowledge nothing any more, and one of those who pledged has all that it ever did: the one
    that has most of the newest timeline. A leader of before may have more, written when nobody followed it any more.
    """
    if not is_interregnum(view):
        return None
    given = [p for p in view.pledges if p.interregnum == view.leader_changed and p.member in view.sync.members]
    if len(given) <= view.sync.quorum:
        return None
    return max(given, key=lambda p: (p.received, p.member)).member, tuple(given)
