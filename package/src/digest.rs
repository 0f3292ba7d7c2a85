//! Digests by which a manifest names files.

use sha2::{Digest, Sha256};

/// sha256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}
