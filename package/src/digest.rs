//! The digest by which a manifest identifies files: for writing a package and for checking one.

use sha2::{Digest, Sha256};

/// The sha256 of bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}
