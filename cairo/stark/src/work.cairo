//! The proof of work that queries cost: Blake2s of the transcript's state and a nonce ends with zeros.

use core::blake::blake2s_finalize;

/// The initial state of a hash with 32 bytes and no key: RFC 7693, sections 2.5 and 3.3.
pub const INITIAL: [u32; 8] = [0x6b08e647, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
/// Bits that are 0.
const ZEROS: NonZero<u32> = 0x100000;
/// Bytes that are hashed: a felt and an integer of 64 bits, the least significant byte first.
const BYTES: u32 = 40;

/// The words of 32 bits of half a felt, the least significant one first.
pub fn split(half: u128) -> [u32; 4] {
    let (rest, a) = DivRem::div_rem(half, 0x100000000);
    let (rest, b) = DivRem::div_rem(rest, 0x100000000);
    let (d, c) = DivRem::div_rem(rest, 0x100000000);
    [a.try_into().unwrap(), b.try_into().unwrap(), c.try_into().unwrap(), d.try_into().unwrap()]
}

/// Whether a nonce was searched for as long as the parameters ask.
pub fn is_done(state: felt252, nonce: u64) -> bool {
    let u256 { low, high } = state.into();
    let ([a, b, c, d], [e, f, g, h]) = (split(low), split(high));
    let (top, bottom) = DivRem::div_rem(nonce, 0x100000000);
    let message = [a, b, c, d, e, f, g, h, bottom.try_into().unwrap(), top.try_into().unwrap(), 0, 0, 0, 0, 0, 0];
    let [first, _, _, _, _, _, _, _] = blake2s_finalize(BoxTrait::new(INITIAL), BYTES, BoxTrait::new(message)).unbox();
    let (_, lowest) = DivRem::div_rem(first, ZEROS);
    lowest == 0
}
