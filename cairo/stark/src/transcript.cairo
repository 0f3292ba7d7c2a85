//! The transcript as `verifier/src/coin.rs` has it: each step is one permutation, told from the others by its capacity.

use core::poseidon::hades_permutation;

use crate::goldilocks::residues_of_halves;
use crate::quadratic::Element;

const ABSORB: felt252 = 5;
const DRAW: felt252 = 6;
const NONCE: felt252 = 7;

#[derive(Drop, Copy)]
pub struct Transcript {
    state: felt252,
    /// How often felts were drawn since the state was changed.
    draws: felt252,
    /// The second one of the felts that were drawn last.
    left: Option<felt252>,
}

#[generate_trait]
pub impl TranscriptImpl of TranscriptTrait {
    /// Begins with the digest of all that is public.
    fn new(seed: felt252) -> Transcript {
        Transcript { state: seed, draws: 0, left: None }
    }

    /// What was absorbed so far.
    fn state(self: @Transcript) -> felt252 {
        *self.state
    }

    /// Absorbs a root, or another digest.
    fn absorb(ref self: Transcript, digest: felt252) {
        let (state, _, _) = hades_permutation(self.state, digest, ABSORB);
        self = Self::new(state);
    }

    /// Absorbs the nonce of the proof of work.
    fn absorb_nonce(ref self: Transcript, nonce: felt252) {
        let (state, _, _) = hades_permutation(self.state, nonce, NONCE);
        self = Self::new(state);
    }

    fn draw_felt(ref self: Transcript) -> felt252 {
        match self.left {
            Some(felt) => {
                self.left = None;
                felt
            },
            None => {
                let (first, second, _) = hades_permutation(self.state, self.draws, DRAW);
                self.draws += 1;
                self.left = Some(second);
                first
            },
        }
    }

    /// A challenge.
    fn draw(ref self: Transcript) -> Element {
        residues_of_halves(self.draw_felt())
    }
}
