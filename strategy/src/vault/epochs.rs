//! Requests in epochs, and how a fill is shared among them.
//!
//! A request at time `t` belongs to epoch `ceil((t + 601) / 3600)`. The price of hour `e` is recorded at `3600 e` or later and rests on
//! entries that are at most 600 s old, so it is younger than every request of epoch `e`: `3600 e - 600 >= t + 1`.
//!
//! Deposits and redemptions share their algebra. An epoch has a `total` that was put in (assets or shares), of which so much is `filled`,
//! for `proceeds` (shares or assets). Whoever put in `own` is entitled to `floor(own * proceeds / total)` less what was claimed, and
//! `floor(own * (total - filled) / total)` is not filled. A fill changes the totals alone, so it costs the same for any number of requests.
//!
//! Whoever leaves an epoch before it is filled takes both parts along, and all of their `own` leaves the total. Rounded down parts leave, so
//! that nobody's part of the rest falls: `(proceeds - floor(own * proceeds / total)) / (total - own) >= proceeds / total`.

use std::collections::{BTreeMap, BTreeSet};

use super::feed::MAX_AGE;
use super::ledger::Account;
use crate::hour::SECONDS;
use crate::math::{mul_div_ceil, mul_div_floor};

/// The epoch of a request at a time in seconds after 1970, which is the first hour whose price can fill it.
pub fn epoch_of(now: u64) -> u64 {
    now.saturating_add(MAX_AGE + 1).div_ceil(SECONDS)
}

/// What one controller put into an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Request {
    /// What was put in.
    pub own: u128,
    /// What was claimed of the proceeds.
    pub claimed: u128,
}

/// All requests of one kind that are filled alike.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Epoch {
    /// What was put in.
    pub total: u128,
    /// How much of it is filled.
    pub filled: u128,
    /// For how much in all, claimed or not.
    pub proceeds: u128,
    /// The time of the newest request.
    pub newest: u64,
    /// The rest will never be filled, and can be taken back at once.
    pub refunded: bool,
    requests: BTreeMap<Account, Request>,
}

/// What a controller can claim of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The epoch.
    pub epoch: u64,
    /// What was put in: see [`Epoch::claimable_input`].
    pub input: u128,
    /// What it became.
    pub proceeds: u128,
}

/// What someone takes along who leaves an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// What they had put in and was not filled.
    pub returned: u128,
    /// Their part of the proceeds that they had not claimed.
    pub unclaimed: u128,
}

/// All epochs of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Queue {
    epochs: BTreeMap<u64, Epoch>,
    /// Those that may still be filled.
    open: BTreeSet<u64>,
    /// What is not filled in them all: a running total, since a call cannot visit any number of epochs.
    unfilled: u128,
    /// For each controller, the epochs that may still have something for it.
    theirs: BTreeMap<Account, BTreeSet<u64>>,
}

impl Epoch {
    /// What is not filled yet.
    pub fn unfilled(&self) -> u128 {
        self.total - self.filled
    }

    /// The requests by controller.
    pub fn requests(&self) -> &BTreeMap<Account, Request> {
        &self.requests
    }

    fn part(&self, own: u128, of: u128) -> u128 {
        // own is at most total, so that the quotient is at most `of`; without a total there is nothing to share.
        mul_div_floor(own, of, self.total).unwrap_or(0)
    }

    /// What a controller can claim of the proceeds.
    pub fn claimable(&self, controller: Account) -> u128 {
        self.requests.get(&controller).map_or(0, |request| self.part(request.own, self.proceeds) - request.claimed)
    }

    /// How much of what a controller put in is filled and not claimed: `ceil(filled part * claimable / entitled)`, as ERC-7540 counts it.
    pub fn claimable_input(&self, controller: Account) -> u128 {
        self.requests.get(&controller).map_or(0, |request| {
            let entitled = self.part(request.own, self.proceeds);
            let filled = request.own - self.part(request.own, self.unfilled());
            // At most what is filled; without proceeds there is nothing to claim.
            mul_div_ceil(filled, entitled - request.claimed, entitled).unwrap_or(0)
        })
    }

    /// What a controller put in that is not filled.
    pub fn pending(&self, controller: Account) -> u128 {
        self.requests.get(&controller).map_or(0, |request| self.part(request.own, self.unfilled()))
    }
}

impl Queue {
    /// The epochs, oldest first.
    pub fn epochs(&self) -> &BTreeMap<u64, Epoch> {
        &self.epochs
    }

    /// An epoch, if it has had requests.
    pub fn get(&self, epoch: u64) -> Option<&Epoch> {
        self.epochs.get(&epoch)
    }

    /// Adds to what a controller put into an epoch. The caller keeps the total below 2^112.
    pub(super) fn add(&mut self, epoch: u64, controller: Account, amount: u128, now: u64) {
        let entry = self.epochs.entry(epoch).or_default();
        entry.total += amount;
        entry.newest = entry.newest.max(now);
        entry.requests.entry(controller).or_default().own += amount;
        self.open.insert(epoch);
        self.unfilled += amount;
        self.theirs.entry(controller).or_default().insert(epoch);
    }

    /// The oldest epoch up to an hour that is not filled.
    pub fn due(&self, hour: u64) -> Option<u64> {
        self.open.first().copied().filter(|epoch| *epoch <= hour)
    }

    /// What is not filled in all epochs up to an hour: the total without younger epochs, of which there are at most two at the hour of now.
    pub fn unfilled(&self, hour: u64) -> u128 {
        let younger: u128 = self.open.iter().rev().take_while(|epoch| **epoch > hour).map(|epoch| self.epochs[epoch].unfilled()).sum();
        self.unfilled - younger
    }

    /// The epochs that may still have something for a controller.
    pub fn epochs_of(&self, controller: Account) -> impl Iterator<Item = u64> + '_ {
        self.theirs.get(&controller).into_iter().flatten().copied()
    }

    /// Forgets the epochs that have nothing for a controller, such as dust that became nothing.
    pub(super) fn sweep(&mut self, controller: Account) {
        for epoch in self.epochs_of(controller).collect::<Vec<_>>() {
            self.forget(epoch, controller);
        }
    }

    /// Forgets an epoch that has nothing for a controller, now or later.
    fn forget(&mut self, epoch: u64, controller: Account) {
        let entry = self.epochs.get(&epoch).filter(|entry| entry.requests.contains_key(&controller));
        let is_spent = |entry: &Epoch| {
            let ended = entry.unfilled() == 0 || entry.refunded && entry.pending(controller) == 0;
            ended && entry.claimable(controller) == 0
        };
        if entry.is_none_or(is_spent)
            && let Some(theirs) = self.theirs.get_mut(&controller)
        {
            theirs.remove(&epoch);
            if theirs.is_empty() {
                self.theirs.remove(&controller);
            }
        }
    }

    /// Fills so much of an epoch, for so much.
    pub(super) fn fill(&mut self, epoch: u64, amount: u128, proceeds: u128) {
        if let Some(entry) = self.epochs.get_mut(&epoch) {
            entry.filled += amount;
            entry.proceeds += proceeds;
            self.unfilled -= amount;
            if entry.unfilled() == 0 {
                self.open.remove(&epoch);
            }
        }
    }

    /// Gives up on the rest of an epoch.
    pub(super) fn refund(&mut self, epoch: u64) {
        if let Some(entry) = self.epochs.get_mut(&epoch) {
            entry.refunded = true;
            if self.open.remove(&epoch) {
                self.unfilled -= entry.unfilled();
            }
        }
    }

    /// Marks so much of what a controller can claim as claimed: nothing if that is too much.
    pub(super) fn claim(&mut self, epoch: u64, controller: Account, amount: u128) -> Option<()> {
        let entry = self.epochs.get_mut(&epoch)?;
        if amount > entry.claimable(controller) {
            return None;
        }
        entry.requests.get_mut(&controller)?.claimed += amount;
        self.forget(epoch, controller);
        Some(())
    }

    /// What a controller can claim, oldest first. It costs as much as there are epochs that may still have something for the controller, to
    /// which others can add: a claim of one epoch does not depend on them.
    pub fn claims(&self, controller: Account) -> Vec<Claim> {
        let claim = |epoch| {
            let entry = self.get(epoch)?;
            Some(Claim { epoch, input: entry.claimable_input(controller), proceeds: entry.claimable(controller) })
        };
        self.epochs_of(controller).filter_map(claim).filter(|claim| claim.proceeds > 0).collect()
    }

    /// Takes a controller out of an epoch: nothing if all of theirs is filled.
    pub(super) fn leave(&mut self, epoch: u64, controller: Account) -> Option<Left> {
        let entry = self.epochs.get_mut(&epoch)?;
        let returned = entry.pending(controller);
        if returned == 0 {
            return None;
        }
        let request = entry.requests.remove(&controller)?;
        let part = entry.part(request.own, entry.proceeds);
        entry.filled -= request.own - returned;
        entry.total -= request.own;
        entry.proceeds -= part;
        if self.open.contains(&epoch) {
            self.unfilled -= returned;
            if entry.unfilled() == 0 {
                self.open.remove(&epoch);
            }
        }
        self.forget(epoch, controller);
        Some(Left { returned, unclaimed: part - request.claimed })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_epoch_ends_601_seconds_before_its_hour() {
        let hour = 1_000 * SECONDS;
        assert_eq!(epoch_of(hour - 601), 1_000);
        assert_eq!(epoch_of(hour - 600), 1_001);
        assert_eq!(epoch_of(hour - 601 - 3_599), 1_000);
        assert_eq!(epoch_of(hour - 601 - 3_600), 999);
    }

    #[test]
    fn whoever_put_in_more_gets_more_and_the_rest_stays() {
        let mut queue = Queue::default();
        queue.add(5, Account(1), 100, 0);
        queue.add(5, Account(2), 200, 0);
        queue.fill(5, 150, 1_000);
        let epoch = queue.get(5).unwrap();
        assert_eq!((epoch.claimable(Account(1)), epoch.claimable(Account(2))), (333, 666));
        assert_eq!((epoch.pending(Account(1)), epoch.pending(Account(2))), (50, 100));
        assert_eq!(queue.claim(5, Account(1), 334), None);
        assert_eq!(queue.claim(5, Account(1), 333), Some(()));
        assert_eq!(queue.leave(5, Account(1)), Some(Left { returned: 50, unclaimed: 0 }));
        assert_eq!(queue.get(5).unwrap().claimable(Account(2)), 667);
        assert_eq!((queue.due(4), queue.due(5), queue.unfilled(5)), (None, Some(5), 100));
        queue.fill(5, 100, 7);
        assert_eq!((queue.due(5), queue.leave(5, Account(2))), (None, None));
    }

    #[test]
    fn totals_and_sets_follow_what_is_open() {
        let mut queue = Queue::default();
        for (epoch, who, amount) in [(5, 1, 100), (5, 2, 50), (6, 1, 30), (7, 1, 7), (8, 2, 9)] {
            queue.add(epoch, Account(who), amount, 0);
        }
        let of = |queue: &Queue, who| queue.epochs_of(Account(who)).collect::<Vec<_>>();
        assert_eq!([4, 5, 6, 7, 8].map(|hour| queue.unfilled(hour)), [0, 150, 180, 187, 196]);
        queue.fill(5, 75, 75);
        queue.refund(6);
        queue.refund(6);
        assert_eq!([5, 6, 7, u64::MAX].map(|hour| queue.unfilled(hour)), [75, 75, 82, 91]);
        // What is refunded was not counted any more; what is taken back of an open epoch is not counted from then on.
        assert_eq!(queue.leave(6, Account(1)), Some(Left { returned: 30, unclaimed: 0 }));
        assert_eq!((queue.unfilled(7), of(&queue, 1)), (82, vec![5, 7]));
        assert_eq!(queue.leave(5, Account(2)), Some(Left { returned: 25, unclaimed: 25 }));
        assert_eq!((queue.unfilled(7), of(&queue, 2)), (57, vec![8]));
        // A part that is claimed does not end a request, and neither does a fill without a claim.
        queue.claim(5, Account(1), 50).unwrap();
        assert_eq!(of(&queue, 1), [5, 7]);
        queue.fill(5, 50, 50);
        assert_eq!(of(&queue, 1), [5, 7]);
        queue.claim(5, Account(1), 49).unwrap();
        assert_eq!(of(&queue, 1), [5, 7]);
        queue.claim(5, Account(1), 1).unwrap();
        assert_eq!((of(&queue, 1), queue.unfilled(u64::MAX)), (vec![7], 16));
        queue.leave(7, Account(1)).unwrap();
        assert!(!queue.theirs.contains_key(&Account(1)));
    }

    proptest! {
        /// Random fills, claims and leavings: nobody's part falls, and the parts are within the totals.
        #[test]
        fn parts_stay_within_totals_and_never_fall(
            own in prop::collection::vec(1u128..1 << 100, 1..6),
            steps in prop::collection::vec((0u8..3, 0usize..6, any::<u64>(), 0u128..1 << 111), 1..30),
        ) {
            let mut queue = Queue::default();
            for (account, own) in (0..).zip(&own) {
                queue.add(1, Account(account), *own, 0);
            }
            for (kind, who, part, proceeds) in steps {
                let who = Account(who as u64);
                let before: Vec<_> = queue.get(1).unwrap().requests().iter()
                    .map(|(account, request)| (*account, queue.get(1).unwrap().claimable(*account) + request.claimed)).collect();
                match kind {
                    0 => {
                        let amount = mul_div_floor(queue.get(1).unwrap().unfilled(), part.into(), u64::MAX.into()).unwrap();
                        if queue.get(1).unwrap().proceeds < 1 << 111 {
                            queue.fill(1, amount, proceeds);
                        }
                    }
                    1 => {
                        let amount = queue.get(1).unwrap().claimable(who);
                        prop_assert!(amount == 0 || queue.claim(1, who, amount).is_some());
                        prop_assert_eq!(queue.get(1).unwrap().claimable(who), 0);
                    }
                    _ => {
                        queue.leave(1, who);
                    }
                }
                let epoch = queue.get(1).unwrap();
                for (account, entitled) in before {
                    if let Some(request) = epoch.requests().get(&account) {
                        prop_assert!(epoch.claimable(account) + request.claimed >= entitled);
                    }
                }
                let sum = |part: &dyn Fn(Account, &Request) -> u128| epoch.requests().iter().map(|(account, request)| part(*account, request)).sum::<u128>();
                prop_assert!(sum(&|account, request| epoch.claimable(account) + request.claimed) <= epoch.proceeds);
                prop_assert!(sum(&|account, _| epoch.pending(account)) <= epoch.unfilled());
                prop_assert_eq!(sum(&|_, request| request.own), epoch.total);
            }
        }
    }
}
