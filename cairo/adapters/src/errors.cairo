//! Why an adapter does not swap, or is not made; a text for each reason.

pub mod Errors {
    // A swap.
    pub const OTHER_TOKENS: felt252 = 'adapter: not its pair';
    pub const TOO_LARGE: felt252 = 'adapter: amount is too large';
    pub const NOT_MOVED: felt252 = 'adapter: token was not moved';
    pub const TOO_LITTLE: felt252 = 'adapter: less than the least';

    // Deployment.
    pub const ROUTER_IS_ZERO: felt252 = 'adapter: router is zero';
    pub const TOKEN_IS_ZERO: felt252 = 'adapter: token is zero';
    pub const SAME_TOKEN: felt252 = 'adapter: the tokens are one';
    pub const TICK_SPACING_IS_ZERO: felt252 = 'adapter: tick spacing is zero';
}
