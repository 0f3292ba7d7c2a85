//! Why a vault, its price history or its feed refuses: a reason for each text that their contracts panic with.

/// Reasons with their texts, and what can be done, where that is more than the text says.
macro_rules! refusals {
    ($($reason:ident = $text:literal $(=> $hint:literal)?),* $(,)?) => {
        /// Why a contract refused. The texts are those of `cairo/vault`, `cairo/history` and `cairo/feeds`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Refusal {
            $(#[doc = concat!("`", $text, "`.")] $reason,)*
        }

        impl Refusal {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$reason),*];

            /// What the contract says.
            pub fn text(self) -> &'static str {
                match self { $(Self::$reason => $text),* }
            }

            /// What can be done, or what the reason means, where the text does not say it.
            pub fn hint(self) -> Option<&'static str> {
                let hint = match self { $(Self::$reason => concat!($($hint)?)),* };
                (!hint.is_empty()).then_some(hint)
            }
        }
    };
}

refusals! {
    BadLags = "vault: bad lags",
    BadInputRule = "vault: bad input rule",
    OtherInputs = "vault: not the model's inputs",
    TooManyValues = "vault: too many features",
    BadRows = "vault: bad number of targets",
    BadWeight = "vault: a weight is over 10000",
    BadEdges = "vault: bad edges",
    BadOutput = "vault: no such output value",
    BadClass = "vault: a class has no target",
    BadMaxWeight = "vault: bad max_weight_bps",
    BadMaxTrade = "vault: bad max_trade_bps",
    BadMinTrade = "vault: bad min_trade_bps",
    BadMaxTurnover = "vault: bad max_turnover_bps",
    BadCooldown = "vault: bad cooldown_hours",
    BadMaxSlip = "vault: bad max_slip_bps",
    BadMinSlip = "vault: bad min_slip_bps",
    BadMaxDrift = "vault: bad max_drift_bps",
    BadMaxDrawdown = "vault: bad max_drawdown_bps",
    BadDepositCap = "vault: bad deposit_cap",
    BadManagementFee = "vault: bad management_bps",
    BadSettleFee = "vault: bad settle_bps",
    BadMinNav = "vault: bad min_nav"
        => "it is at least 10000 of the quote token's smallest unit, and at most a tenth of deposit_cap",
    BadMinBits = "vault: bad min_bits"
        => "it is at most 128",
    BadDecimals = "vault: not 6 to 18 decimals",
    BadPrice = "vault: too coarse a price",
    SameToken = "vault: base and quote are one",
    UnfitAccount = "vault: cannot hold this role",
    OtherClass = "vault: not the pinned class",
    Active = "vault: not while active"
        => "the vault sells all it has only where the model is revoked or the vault is halted",
    Deprecated = "vault: not while deprecated"
        => "the model's owner has announced its end: nobody enters any more; redemptions and exits work",
    Revoked = "vault: not while revoked"
        => "the model does not run any more: redemptions, exits in kind and unwinding work",
    Paused = "vault: not while paused"
        => "redemptions, claims and exits in kind work; a pause ends after seven days at most",
    Halted = "vault: not while halted"
        => "the drawdown ended this vault: redemptions, exits in kind and unwinding work",
    NotOwner = "vault: not the owner"
        => "only the vault's owner may do this",
    NotGuardian = "vault: not the guardian"
        => "only the vault's guardian may do this",
    NotOffered = "vault: not the offered owner",
    NotOperator = "vault: not an operator"
        => "only the account itself may do this, or an operator that it has set",
    OwnOperator = "vault: own operator",
    OwnReplacement = "vault: guardian's replacement",
    Itself = "vault: its own account",
    ZeroAccount = "vault: the zero account",
    Locked = "vault: it is being called",
    NoProposal = "vault: no such proposal"
        => "it was never made, or is applied or cancelled",
    Proposals = "vault: 8 proposals wait"
        => "apply or cancel one first: those that have expired wait too, until they are cancelled",
    Early = "vault: too early"
        => "it is not time yet: a proposal waits a day, the next pause is possible seven days after the last one ended, and what is not filled can be taken back after 22 hours",
    Expired = "vault: proposal has expired"
        => "a proposal can be applied for seven days: propose it again",
    NotPaused = "vault: not paused",
    Zero = "vault: amount is 0",
    Overflow = "vault: amount is 2^112 or more",
    Shares = "vault: too few shares"
        => "the account has fewer shares",
    Allowance = "vault: too small an allowance"
        => "allow the caller to move as many shares first",
    Moved = "vault: token moved another sum",
    NothingOwed = "vault: nothing is owed"
        => "nothing is owed in this token: exits in kind and rewards of keepers are",
    NothingToSkim = "vault: nothing to skim",
    NothingClaimable = "vault: nothing is claimable"
        => "nothing of this request is filled: it is filled when its hour has been recorded and settled",
    Claim = "vault: less is claimable"
        => "claim what is filled",
    NothingPending = "vault: nothing is pending"
        => "nothing of this request is left: it was filled or taken back",
    Settling = "vault: an hour may be settling"
        => "what is not filled can be taken back from 1,801 s to 2,999 s after the start of an hour",
    Preview = "vault: no previews, ERC-7540",
    NoPrice = "vault: no hour is recorded"
        => "record an hour first",
    OtherHour = "vault: not the recorded hour"
        => "the hour that is recorded last is the one that can be used",
    Used = "vault: the hour is used"
        => "the next recorded hour can be used",
    Late = "vault: the record is too old"
        => "an hour can be used for 900 s after it is recorded: record the next one",
    Clock = "vault: recorded in the future",
    Peg = "vault: quote token is off peg"
        => "nothing is settled or traded while the quote token is more than 2 % off 1 USD; claims and exits in kind work",
    NoRate = "vault: the pair has no rate",
    Stale = "vault: the quote is not fresh"
        => "the feed's quote is older than 600 s, or ahead of the block: try again",
    Drift = "vault: the quote drifted"
        => "the fresh price is further from the recorded one than max_drift_bps allows: try again within the 900 s, or wait for the next hour",
    NotOlder = "vault: request is not older",
    Due = "vault: settle first"
        => "requests are due: settle until the hour is swept",
    Gap = "vault: the window has a gap"
        => "hours are missing among those that the features look at: record every hour until the window is whole",
    Answer = "vault: an answer is too short",
    NoProofs = "vault: no proofs are taken"
        => "min_bits is 0: the owner can propose another one, which can be applied a day later",
    OtherVersion = "vault: not the pinned version",
    Weak = "vault: too weak a proof"
        => "the proof has fewer bits of security than min_bits",
    Batch = "vault: not a single decision"
        => "prove one inference, and not a batch",
    ProvenInputs = "vault: not this hour's inputs"
        => "the proof is not of what the vault sees in this hour, or does not show it: prove the recorded hour with public inputs",
    ProvenOutputs = "vault: no public outputs"
        => "the proof does not show the network's answer: prove with public outputs",
    Class = "vault: unknown class",
    Overspent = "vault: adapter overspent",
    Floor = "vault: below the floor"
        => "the pool gives less than the floor, which falls over the 900 s: try again later in the hour",
    NothingToRaise = "vault: nothing to raise"
        => "redemptions that are due need no sale, or none that can be made",
    NothingToSell = "vault: nothing to sell",
    FeedIsZero = "history: feed is zero",
    NotLater = "history: hour is not later"
        => "this hour is recorded already: wait for the next one",
    PriceAhead = "history: price is ahead",
    PriceOutOfRange = "history: price is out of range",
    PriceTooOld = "history: price is too old"
        => "the feed's prices are older than 600 s: try again when they are fresh",
    TimesReversed = "history: oldest after newest",
    TooLate = "history: too late in the hour"
        => "an hour can be recorded in its first 900 s: wait for the next one",
    Year3000 = "history: year 3000 or later",
    ApartBase = "feed: base publishers differ"
        => "the base token's prices of the sources and of the publishers are more than 1 % apart: try again",
    ApartQuote = "feed: quote publishers differ"
        => "the quote token's prices of the sources and of the publishers are more than 1 % apart: try again",
    DecimalsChanged = "feed: decimals have changed",
    ThinBase = "feed: too few base sources"
        => "fewer sources than the feed needs have a fresh price of the base token: try again",
    ThinQuote = "feed: too few quote sources"
        => "fewer sources than the feed needs have a fresh price of the quote token: try again",
    OracleIsZero = "feed: oracle is zero",
    PairIsZero = "feed: pair id is zero",
    SourceIsZero = "feed: source is zero",
    SourceRepeated = "feed: source is repeated",
    TooFewSources = "feed: too few sources",
    TooManyDecimals = "feed: too many decimals",
    TooManySources = "feed: too many sources",
}

impl Refusal {
    /// The reason with this text.
    pub fn of(message: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|refusal| refusal.text() == message)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.hint() {
            Some(hint) => write!(formatter, "{} ({hint})", self.text()),
            None => formatter.write_str(self.text()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use maat_cairo::Sources;

    use super::*;

    /// The texts in a contract's `errors.cairo`.
    fn texts(sources: &Sources) -> Vec<String> {
        let lines = sources.get("errors.cairo").expect("a file of errors").lines();
        let constants = lines.filter_map(|line| line.trim().strip_prefix("pub const ")?.split_once(" = '")?.1.strip_suffix("';"));
        constants.map(|text| text.replace("\\'", "'")).collect()
    }

    #[test]
    fn every_text_of_the_contracts_is_known_and_no_other() {
        let contracts: BTreeSet<String> = [Sources::vault(), Sources::history(), Sources::feeds()].iter().flat_map(texts).collect();
        let known: BTreeSet<String> = Refusal::ALL.iter().map(|refusal| refusal.text().to_owned()).collect();
        assert_eq!(known.len(), Refusal::ALL.len(), "two reasons have one text");
        assert_eq!(known, contracts);
    }

    #[test]
    fn a_reason_is_found_by_its_text_alone() {
        for refusal in Refusal::ALL {
            assert_eq!(Refusal::of(refusal.text()), Some(*refusal));
        }
        assert_eq!(Refusal::of("vault: settle"), None);
        assert_eq!(Refusal::Due.to_string(), "vault: settle first (requests are due: settle until the hour is swept)");
    }
}
