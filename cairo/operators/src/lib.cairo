pub mod lanes;
pub mod powers;
