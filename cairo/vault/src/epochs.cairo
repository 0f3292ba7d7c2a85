//! Requests in epochs, and how a fill is shared among them. In Rust: `epochs.rs`, which has the algebra.
use crate::math::{mul_div_ceil, mul_div_floor};
use crate::records::Epoch;

/// Seconds of an hour.
pub const HOUR: u64 = 3_600;
/// The oldest entry that a recorded price rests on, in seconds before the record.
pub const MAX_AGE: u64 = 600;

/// What kind of request an epoch has.
#[derive(Copy, Drop, Serde, PartialEq, Debug, Hash)]
pub enum Kind {
    /// Assets for shares.
    Deposit,
    /// Shares for assets.
    Redeem,
}

/// What one controller put into an epoch.
#[derive(Copy, Drop, Serde, PartialEq, Debug, starknet::Store)]
pub struct Request {
    /// What was put in.
    pub own: u128,
    /// What was claimed of the proceeds.
    pub claimed: u128,
}

/// What a controller can claim of an epoch.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Claim {
    pub epoch: u64,
    /// What was put in.
    pub input: u128,
    /// What it became.
    pub proceeds: u128,
}

/// What someone takes along who leaves an epoch.
#[derive(Copy, Drop, Serde, PartialEq, Debug)]
pub struct Left {
    /// What they had put in and was not filled.
    pub returned: u128,
    /// Their part of the proceeds that they had not claimed.
    pub unclaimed: u128,
}

/// The epoch of a request at a time in seconds after 1970, which is the first hour whose price can fill it.
pub fn epoch_of(now: u64) -> u64 {
    (now + MAX_AGE + HOUR) / HOUR
}

/// What is not filled yet.
pub fn unfilled(epoch: Epoch) -> u128 {
    epoch.total - epoch.filled
}

#[inline(never)]
fn part(epoch: Epoch, own: u128, whole: u128) -> u128 {
    // own is at most total, so that the quotient is at most `whole`; without a total there is nothing to share.
    mul_div_floor(own, whole, epoch.total).unwrap_or(0)
}

/// The part of a request in the proceeds, claimed or not.
pub fn entitled(epoch: Epoch, request: Request) -> u128 {
    part(epoch, request.own, epoch.proceeds)
}

/// What a controller can claim of the proceeds.
pub fn claimable(epoch: Epoch, request: Request) -> u128 {
    entitled(epoch, request) - request.claimed
}

/// How much of what a controller put in is filled and not claimed: `ceil(filled part * claimable / entitled)`, as ERC-7540 counts it.
pub fn claimable_input(epoch: Epoch, request: Request) -> u128 {
    let entitled = entitled(epoch, request);
    let filled = request.own - pending(epoch, request);
    // At most what is filled; without proceeds there is nothing to claim.
    mul_div_ceil(filled, entitled - request.claimed, entitled).unwrap_or(0)
}

/// What a controller put in that is not filled.
pub fn pending(epoch: Epoch, request: Request) -> u128 {
    part(epoch, request.own, unfilled(epoch))
}

/// Whether an epoch has nothing for a request, now or later.
#[inline(never)]
pub fn is_spent(epoch: Epoch, request: Request) -> bool {
    (unfilled(epoch) == 0 || epoch.refunded && pending(epoch, request) == 0) && claimable(epoch, request) == 0
}

#[cfg(test)]
mod tests {
    use super::epoch_of;

    #[test]
    fn an_epoch_ends_601_seconds_before_its_hour() {
        let hour = 3_600_000;
        assert_eq!(epoch_of(hour - 601), 1_000);
        assert_eq!(epoch_of(hour - 600), 1_001);
        assert_eq!(epoch_of(hour - 601 - 3_599), 1_000);
        assert_eq!(epoch_of(hour - 601 - 3_600), 999);
    }
}
