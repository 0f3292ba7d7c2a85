//! Fresh salts from the system's random bytes. The verifier's crate has none, and needs none.

use maat_verifier::Salt;

use crate::error::ProveError;

/// A salt that nobody knows.
///
/// # Errors
/// The system gives no random bytes.
pub fn random_salt() -> Result<Salt, ProveError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| ProveError::Salt(error.to_string()))?;
    Ok(Salt::new(bytes))
}
