//! The challenges of the model AIR: how they are drawn, and their names.

use winter_air::AuxRandElements;
use winter_verifier::crypto::{RandomCoin, RandomCoinError};
use winter_verifier::math::FieldElement;

use crate::layout::Layout;

/// Number of elements that are drawn after the main segment is committed: `z`, `alpha`, `sigma`, `rho` and `beta`.
pub const RANDOM_ELEMENTS: usize = 5;

/// Position of the first power of sigma in the list of elements.
const SIGMA: usize = 4;

/// Draws the random elements, and computes the powers that every row of a layout needs.
///
/// # Errors
/// The coin gives no field element.
pub(super) fn draw<E, R>(coin: &mut R, layout: &Layout) -> Result<AuxRandElements<E>, RandomCoinError>
where
    E: FieldElement,
    R: RandomCoin<BaseField = E::BaseField>,
{
    let [z, alpha, sigma, rho, beta]: [E; RANDOM_ELEMENTS] = [coin.draw()?, coin.draw()?, coin.draw()?, coin.draw()?, coin.draw()?];
    Ok(AuxRandElements::new(powers([z, alpha, sigma, rho, beta], layout)))
}

/// The elements that [`Challenges`] names, of those that are drawn.
pub fn powers<E: FieldElement>([z, alpha, sigma, rho, beta]: [E; RANDOM_ELEMENTS], layout: &Layout) -> Vec<E> {
    let domain = alpha.square();
    let powers = |base: E, count: usize| (0..=count).scan(E::ONE, move |power, _| Some(std::mem::replace(power, *power * base)));
    let domains = [z, alpha, domain, domain.double()];
    domains.into_iter().chain(powers(sigma, layout.room.lanes)).chain(powers(rho, layout.room.reads)).chain([beta]).collect()
}

/// The random elements of the auxiliary segment, by name.
pub struct Challenges<'a, E> {
    /// The point at which the bus is evaluated.
    pub z: E,
    /// Combines what is on the bus: `address + alpha * value`.
    pub alpha: E,
    /// `alpha^2`, which tells the range table's entries from memory cells.
    pub range_domain: E,
    /// `2 alpha^2`, which tells constants from both.
    pub constant_domain: E,
    /// `sigma^0 ..= sigma^lanes`: the place of a result within its inner sum, of a weight within its matrix row.
    pub sigma: &'a [E],
    /// `rho^0 ..= rho^reads`: the place of an inner sum, of a position.
    pub rho: &'a [E],
    /// Joins groups.
    pub beta: E,
}

impl<'a, E: FieldElement> Challenges<'a, E> {
    /// Names the elements that the AIR has drawn.
    pub fn new(layout: &Layout, elements: &'a [E]) -> Self {
        let [z, alpha, range_domain, constant_domain] = [elements[0], elements[1], elements[2], elements[3]];
        let (sigma, rest) = elements[SIGMA..].split_at(layout.room.lanes + 1);
        let (rho, beta) = rest.split_at(layout.room.reads + 1);
        Self { z, alpha, range_domain, constant_domain, sigma, rho, beta: beta[0] }
    }
}
