//! Why the registry refuses, a text for each reason.

pub mod Errors {
    // Registration.
    pub const CALLER_IS_ZERO: felt252 = 'registry: caller is zero';
    pub const CLASS_IS_ZERO: felt252 = 'registry: class is zero';
    pub const CLASS_REGISTERED: felt252 = 'registry: class is registered';
    pub const EMPTY_RANGE: felt252 = 'registry: empty range, lo > hi';
    pub const METADATA_TOO_LONG: felt252 = 'registry: metadata is too long';
    pub const NAME_IS_EMPTY: felt252 = 'registry: name is empty';
    pub const NAME_NOT_PRINTABLE: felt252 = 'registry: name not printable';
    pub const NAME_TOO_LONG: felt252 = 'registry: name is too long';
    pub const TIMELOCK_TOO_LONG: felt252 = 'registry: timelock is too long';
    pub const TOO_MANY_AXES: felt252 = 'registry: too many axes';
    pub const TOO_MANY_INPUTS: felt252 = 'registry: too many inputs';
    pub const TOO_MANY_OUTPUTS: felt252 = 'registry: too many outputs';
    pub const TOO_MANY_SCALES: felt252 = 'registry: too many scales';

    // Look-ups.
    pub const UNKNOWN_INSTANCE: felt252 = 'registry: unknown instance';
    pub const UNKNOWN_MODEL: felt252 = 'registry: unknown model';
    pub const UNKNOWN_VERSION: felt252 = 'registry: unknown version';

    // Execution.
    pub const CLASS_REPLACED: felt252 = 'registry: class was replaced';
    pub const MALFORMED_OUTPUT: felt252 = 'registry: malformed output';

    // Lifecycle.
    pub const DEPRECATED: felt252 = 'registry: version is deprecated';
    pub const DEPRECATION_ANNOUNCED: felt252 = 'registry: deprecation announced';
    pub const NOTHING_TO_CANCEL: felt252 = 'registry: nothing to cancel';
    pub const REVOCATION_ANNOUNCED: felt252 = 'registry: revocation announced';
    pub const REVOKED: felt252 = 'registry: version is revoked';

    // Ownership.
    pub const NOT_OFFERED: felt252 = 'registry: not the offered owner';
    pub const NOT_OWNER: felt252 = 'registry: not the owner';

    // Entries and facts.
    pub const BAD_ENTRIES: felt252 = 'registry: bad entries';
    pub const ENTRIES_KNOWN: felt252 = 'registry: entries are known';
    pub const MALFORMED_ANSWER: felt252 = 'registry: malformed answer';
    pub const MALFORMED_PROOF: felt252 = 'registry: malformed proof';
    pub const NO_COMMITMENT: felt252 = 'registry: version has no proofs';
    pub const NO_ENTRY: felt252 = 'registry: no such entry';
    pub const NO_VERIFIER: felt252 = 'registry: no verifier';
    pub const OTHER_COMMITMENT: felt252 = 'registry: other commitment';
    pub const OTHER_ENTRIES: felt252 = 'registry: not the entries';
    pub const OTHER_ENTRY: felt252 = 'registry: not the entry';
    pub const ROOT_SPENT: felt252 = 'registry: root is spent';
}
