//! STUB until merge
use crate::goldilocks::Goldilocks;
use crate::salt::Salt;
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ValueDigest([Goldilocks; 4]);
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseDigestError;
impl ValueDigest {
    pub fn of(_values: &[i32], _salt: &Salt) -> Self {
        todo!()
    }
    pub fn elements(&self) -> [Goldilocks; 4] {
        self.0
    }
    pub fn to_bytes(&self) -> [u8; 32] {
        todo!()
    }
    pub fn from_bytes(_: &[u8; 32]) -> Result<Self, ParseDigestError> {
        todo!()
    }
}
