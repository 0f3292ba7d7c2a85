//! The twin of the mock pool.

use maat_strategy::math::share_floor;
use maat_strategy::rate::Rate;
use maat_strategy::vault::ledger::TransferError;
use maat_strategy::vault::{Adapter, AdapterFailure, Ledger, Side, Swap};
use starknet_types_core::felt::Felt;

/// How a pool behaves, as in `cairo/mocks/src/pool.cairo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conduct {
    Costs(u16),
    Fails,
    Steals,
    ShortByOne,
    Grabs,
    Generous,
    Idle,
}

impl Conduct {
    pub fn felts(self) -> Vec<Felt> {
        let number = match self {
            Self::Costs(bps) => return vec![Felt::ONE, bps.into()],
            Self::Fails => 2,
            Self::Steals => 3,
            Self::ShortByOne => 4,
            Self::Grabs => 5,
            Self::Generous => 7,
            Self::Idle => 8,
        };
        vec![Felt::from(number)]
    }
}

/// A pool at a rate.
pub struct Pool {
    pub rate: Rate,
    pub conduct: Conduct,
}

impl Adapter for Pool {
    fn swap(&mut self, ledger: &mut Ledger, swap: Swap) -> Result<(), AdapterFailure> {
        let fails = |error: TransferError| {
            AdapterFailure(
                match error {
                    TransferError::Paused => "mock: paused",
                    TransferError::Balance { .. } => "mock: balance is too small",
                    TransferError::Allowance { .. } => "mock: allowance is too small",
                    TransferError::Overflow => "overflow",
                }
                .to_owned(),
            )
        };
        let Swap { vault, adapter, sold, amount, least } = swap;
        let bought = if sold == Side::Base { Side::Quote } else { Side::Base };
        let worth = match sold {
            Side::Base => self.rate.value_floor(amount),
            Side::Quote => self.rate.base_floor(amount),
        };
        let worth = worth.expect("prices and amounts are small");
        let mut take = amount;
        let give = match self.conduct {
            Conduct::Fails => return Err(AdapterFailure("mock: the pool is empty".to_owned())),
            Conduct::Idle => return Ok(()),
            Conduct::Costs(cost) => share_floor(worth, 10_000 - u32::from(cost)).unwrap(),
            Conduct::Steals => 0,
            Conduct::ShortByOne => least - 1,
            Conduct::Grabs => {
                assert!(ledger.transfer_from(sold, adapter, vault, adapter, amount + 1).is_err());
                assert!(ledger.transfer_from(bought, adapter, vault, adapter, 1).is_err());
                worth
            }
            Conduct::Generous => {
                take /= 2;
                worth
            }
        };
        ledger.transfer_from(sold, adapter, vault, adapter, take).map_err(fails)?;
        ledger.issue(bought, adapter, give).map_err(fails)?;
        ledger.transfer(bought, adapter, vault, give).map_err(fails)
    }
}
