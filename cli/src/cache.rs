//! The user's cache folder: how much it may hold, and whether it may be used.

use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use maat_prover::Cache;

/// The environment variable with the limit.
pub const LIMIT: &str = "MAAT_CACHE_LIMIT";

/// The user's cache with their limit; nothing if there is no home folder for it.
///
/// # Errors
/// The limit is not a size.
pub fn of_user() -> anyhow::Result<Option<Cache>> {
    let Some(cache) = Cache::of_user() else { return Ok(None) };
    let Some(limit) = std::env::var_os(LIMIT).filter(|limit| !limit.is_empty()) else { return Ok(Some(cache)) };
    match limit.to_str().and_then(size) {
        Some(bytes) => Ok(Some(cache.with_limit(bytes))),
        None => bail!("{LIMIT} is {limit:?}; it must be a size such as 500MB or 2GB, or 0 to keep nothing"),
    }
}

/// The user's cache if it may be used; and if it may not, why.
///
/// # Errors
/// As for [`of_user`].
pub fn usable() -> anyhow::Result<(Option<Cache>, Option<String>)> {
    let Some(cache) = of_user()? else { return Ok((None, None)) };
    Ok(match cache.check() {
        Ok(()) => (Some(cache), None),
        Err(reason) => (None, Some(format!("{reason}. Nothing is read from it, or kept in it"))),
    })
}

/// The folder of the local chain, which is run and believed: in the user's cache, if that may be used.
///
/// # Errors
/// There is no home folder for it, or somebody else could have put something there.
pub fn devnet() -> anyhow::Result<PathBuf> {
    let cache = Cache::of_user().ok_or_else(|| anyhow!("there is no home folder to keep the local chain in; set MAAT_CACHE"))?;
    cache.check().context("the local chain is not run from there")?;
    Ok(devnet_unchecked(&cache))
}

/// The same in any cache, where nothing of it is run or believed.
pub fn devnet_unchecked(cache: &Cache) -> PathBuf {
    cache.folder().join("devnet")
}

/// A size in bytes, from a whole number with a unit or without.
fn size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|character: char| !character.is_ascii_digit());
    let unit = match text[digits.len()..].trim().to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return None,
    };
    // Rust's own parser takes a sign.
    let number: u64 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(
            ["0", "17", "17 B", "3kb", "500MB", "2 GB", "1TB"].map(size),
            [Some(0), Some(17), Some(17), Some(3_000), Some(500_000_000), Some(2_000_000_000), Some(1_000_000_000_000)]
        );
        for text in ["", "GB", "-1", "+1", "1.5GB", "1 GiB", "one", "99999999999TB", "1 2GB"] {
            assert_eq!(size(text), None, "{text}");
        }
    }
}
