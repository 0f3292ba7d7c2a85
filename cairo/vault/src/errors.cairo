//! Why the vault refuses, a text for each reason. In Rust: `error.rs`.

pub mod Errors {
    // Construction, and changes that are proposed or applied.
    pub const BAD_LAGS: felt252 = 'vault: bad lags';
    pub const BAD_INPUT_RULE: felt252 = 'vault: bad input rule';
    pub const OTHER_INPUTS: felt252 = 'vault: not the model\'s inputs';
    pub const TOO_MANY_VALUES: felt252 = 'vault: too many features';
    pub const BAD_ROWS: felt252 = 'vault: bad number of targets';
    pub const BAD_WEIGHT: felt252 = 'vault: a weight is over 10000';
    pub const BAD_EDGES: felt252 = 'vault: bad edges';
    pub const BAD_OUTPUT: felt252 = 'vault: no such output value';
    pub const BAD_CLASS: felt252 = 'vault: a class has no target';
    pub const BAD_MAX_WEIGHT: felt252 = 'vault: bad max_weight_bps';
    pub const BAD_MAX_TRADE: felt252 = 'vault: bad max_trade_bps';
    pub const BAD_MIN_TRADE: felt252 = 'vault: bad min_trade_bps';
    pub const BAD_MAX_TURNOVER: felt252 = 'vault: bad max_turnover_bps';
    pub const BAD_COOLDOWN: felt252 = 'vault: bad cooldown_hours';
    pub const BAD_MAX_SLIP: felt252 = 'vault: bad max_slip_bps';
    pub const BAD_MIN_SLIP: felt252 = 'vault: bad min_slip_bps';
    pub const BAD_MAX_DRIFT: felt252 = 'vault: bad max_drift_bps';
    pub const BAD_MAX_DRAWDOWN: felt252 = 'vault: bad max_drawdown_bps';
    pub const BAD_DEPOSIT_CAP: felt252 = 'vault: bad deposit_cap';
    pub const BAD_MANAGEMENT_FEE: felt252 = 'vault: bad management_bps';
    pub const BAD_SETTLE_FEE: felt252 = 'vault: bad settle_bps';
    pub const BAD_MIN_BITS: felt252 = 'vault: bad min_bits';
    pub const BAD_MIN_NAV: felt252 = 'vault: bad min_nav';
    pub const BAD_DECIMALS: felt252 = 'vault: not 6 to 18 decimals';
    pub const BAD_PRICE: felt252 = 'vault: too coarse a price';
    pub const SAME_TOKEN: felt252 = 'vault: base and quote are one';
    pub const UNFIT_ACCOUNT: felt252 = 'vault: cannot hold this role';
    pub const OTHER_CLASS: felt252 = 'vault: not the pinned class';

    // States.
    pub const ACTIVE: felt252 = 'vault: not while active';
    pub const DEPRECATED: felt252 = 'vault: not while deprecated';
    pub const REVOKED: felt252 = 'vault: not while revoked';
    pub const PAUSED: felt252 = 'vault: not while paused';
    pub const HALTED: felt252 = 'vault: not while halted';

    // Roles and accounts.
    pub const NOT_OWNER: felt252 = 'vault: not the owner';
    pub const NOT_GUARDIAN: felt252 = 'vault: not the guardian';
    pub const NOT_OFFERED: felt252 = 'vault: not the offered owner';
    pub const NOT_OPERATOR: felt252 = 'vault: not an operator';
    pub const OWN_OPERATOR: felt252 = 'vault: own operator';
    pub const OWN_REPLACEMENT: felt252 = 'vault: guardian\'s replacement';
    pub const ITSELF: felt252 = 'vault: its own account';
    pub const ZERO_ACCOUNT: felt252 = 'vault: the zero account';
    pub const LOCKED: felt252 = 'vault: it is being called';

    // Changes.
    pub const NO_PROPOSAL: felt252 = 'vault: no such proposal';
    pub const PROPOSALS: felt252 = 'vault: 8 proposals wait';
    pub const EARLY: felt252 = 'vault: too early';
    pub const EXPIRED: felt252 = 'vault: proposal has expired';
    pub const NOT_PAUSED: felt252 = 'vault: not paused';

    // Amounts.
    pub const ZERO: felt252 = 'vault: amount is 0';
    pub const OVERFLOW: felt252 = 'vault: amount is 2^112 or more';
    pub const SHARES: felt252 = 'vault: too few shares';
    pub const ALLOWANCE: felt252 = 'vault: too small an allowance';
    pub const MOVED: felt252 = 'vault: token moved another sum';
    pub const NOTHING_OWED: felt252 = 'vault: nothing is owed';
    pub const NOTHING_TO_SKIM: felt252 = 'vault: nothing to skim';

    // Requests.
    pub const NOTHING_CLAIMABLE: felt252 = 'vault: nothing is claimable';
    pub const CLAIM: felt252 = 'vault: less is claimable';
    pub const NOTHING_PENDING: felt252 = 'vault: nothing is pending';
    pub const SETTLING: felt252 = 'vault: an hour may be settling';
    pub const PREVIEW: felt252 = 'vault: no previews, ERC-7540';

    // The hour and its price.
    pub const NO_PRICE: felt252 = 'vault: no hour is recorded';
    pub const OTHER_HOUR: felt252 = 'vault: not the recorded hour';
    pub const USED: felt252 = 'vault: the hour is used';
    pub const LATE: felt252 = 'vault: the record is too old';
    pub const CLOCK: felt252 = 'vault: recorded in the future';
    pub const PEG: felt252 = 'vault: quote token is off peg';
    pub const NO_RATE: felt252 = 'vault: the pair has no rate';
    pub const STALE: felt252 = 'vault: the quote is not fresh';
    pub const DRIFT: felt252 = 'vault: the quote drifted';
    pub const NOT_OLDER: felt252 = 'vault: request is not older';
    pub const DUE: felt252 = 'vault: settle first';
    pub const GAP: felt252 = 'vault: the window has a gap';

    pub const ANSWER: felt252 = 'vault: an answer is too short';

    // Proofs.
    pub const NO_PROOFS: felt252 = 'vault: no proofs are taken';
    pub const OTHER_VERSION: felt252 = 'vault: not the pinned version';
    pub const WEAK: felt252 = 'vault: too weak a proof';
    pub const BATCH: felt252 = 'vault: not a single decision';
    pub const PROVEN_INPUTS: felt252 = 'vault: not this hour\'s inputs';
    pub const PROVEN_OUTPUTS: felt252 = 'vault: no public outputs';

    // Decisions and trades.
    pub const CLASS: felt252 = 'vault: unknown class';
    pub const OVERSPENT: felt252 = 'vault: adapter overspent';
    pub const FLOOR: felt252 = 'vault: below the floor';
    pub const NOTHING_TO_RAISE: felt252 = 'vault: nothing to raise';
    pub const NOTHING_TO_SELL: felt252 = 'vault: nothing to sell';
}
