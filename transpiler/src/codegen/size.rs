//! Estimates of what generated code takes in a class, fitted to the compiled classes of the examples. For whole networks they are within a
//! quarter of the truth, for parts within a half.

/// What generated code takes in a class, in tenths of a felt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Size {
    /// In the Sierra program.
    pub sierra: u64,
    /// In the CASM bytecode.
    pub casm: u64,
}

impl Size {
    /// In tenths of a felt.
    pub const fn new(sierra: u64, casm: u64) -> Self {
        Self { sierra, casm }
    }

    /// `count` times as much.
    pub fn times(self, count: usize) -> Self {
        Self::new(self.sierra * count as u64, self.casm * count as u64)
    }
}

impl std::ops::AddAssign for Size {
    fn add_assign(&mut self, other: Self) {
        self.sierra += other.sierra;
        self.casm += other.casm;
    }
}

/// A product of a packed weight.
pub const TERM: Size = Size::new(85, 32);
/// An element of a constant array that is a packed weight.
pub const WEIGHT: Size = Size::new(47, 10);
/// Any other element: Sierra keeps equal constants once.
pub const CONSTANT: Size = Size::new(4, 10);
/// Any other line.
pub const LINE: Size = Size::new(50, 124);
/// Digits of the shortest packed weights.
pub const PACKED_DIGITS: usize = 10;
