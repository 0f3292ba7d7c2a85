//! What is known about the elements of a tensor.

use super::arithmetic::Span;

/// What is known about an element, or about all elements of a tensor at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// The float network's value.
    pub real: Span,
    /// The integers' value in real units.
    pub found: Span,
    /// The latter minus the former.
    pub error: Span,
    /// Whether it may also be minus infinity, which pads the windows of a maximum. The rest does not apply to it then; the integers have
    /// the least number there.
    pub hole: bool,
}

impl Cell {
    /// What holds for either of two.
    pub fn hull(self, other: Self) -> Self {
        Self {
            real: self.real.hull(other.real),
            found: self.found.hull(other.found),
            error: self.error.hull(other.error),
            hole: self.hole || other.hole,
        }
    }

    /// The same without holes: what every operation except moves and maxima sees.
    pub fn filled(self) -> Self {
        if !self.hole {
            return self;
        }
        Self { real: Span { lo: f64::NEG_INFINITY, ..self.real }, error: Span::ALL, hole: false, ..self }
    }

    /// Whether both networks have the same value.
    pub fn is_exact(&self) -> bool {
        self.error.is_zero()
    }
}

/// An operand's error, by the operand's position and the element, with its factor.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    pub position: u32,
    pub element: u32,
    pub factor: f64,
}

/// An element's error by those of operands: `e = sum factor_t e_t + rest`.
#[derive(Debug, Clone)]
pub struct Link {
    pub terms: Vec<Term>,
    pub rest: Span,
}

impl Link {
    /// Nothing but what is known anyway.
    pub fn of(error: Span) -> Self {
        Self { terms: Vec::new(), rest: error }
    }

    /// Adds `factor * e` with a factor of an interval, for an `e` of an interval.
    pub fn add(&mut self, position: usize, element: usize, factor: Span, error: Span) {
        let middle = factor.lo / 2.0 + factor.hi / 2.0;
        if !middle.is_finite() {
            self.rest = self.rest.plus(factor.times(error));
            return;
        }
        self.rest = self.rest.plus(factor.minus(Span::point(middle)).times(error));
        if middle != 0.0 {
            self.terms.push(Term { position: position as u32, element: element as u32, factor: middle });
        }
    }
}

/// What is known about a sum before it is rounded and saturated; [`Cell`] has the meanings.
#[derive(Debug, Clone)]
pub struct Pre {
    pub real: Span,
    pub found: Span,
    pub error: Span,
    pub link: Link,
}

/// An element's cell, and its error by those of operands.
#[derive(Debug, Clone)]
pub struct Element {
    pub cell: Cell,
    pub link: Link,
}

impl From<Cell> for Element {
    fn from(cell: Cell) -> Self {
        Self { cell, link: Link::of(cell.error) }
    }
}

/// A tensor's cells: one for each element, or one for all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    cells: Vec<Cell>,
}

impl Known {
    /// The cells of a tensor's elements, which begin again where they are fewer; or their hull, if it is to be `one` for all.
    pub fn new(cells: Vec<Cell>, elements: usize, one: bool) -> Self {
        match cells.iter().copied().reduce(Cell::hull) {
            Some(hull) if one => Self { cells: vec![hull] },
            _ if cells.len() == elements => Self { cells },
            _ => Self { cells: cells.iter().copied().cycle().take(elements).collect() },
        }
    }

    /// The cell of an element.
    pub fn at(&self, element: usize) -> &Cell {
        &self.cells[if self.cells.len() == 1 { 0 } else { element }]
    }

    /// How many cells there are.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether one cell is that of all elements.
    pub fn is_one(&self) -> bool {
        self.cells.len() == 1
    }

    /// What holds for every element.
    pub fn hull(&self) -> Cell {
        self.cells[1..].iter().fold(self.cells[0], |hull, cell| hull.hull(*cell))
    }

    /// The greatest distance of any element.
    pub fn error(&self) -> f64 {
        self.cells.iter().fold(0.0, |worst: f64, cell| worst.max(cell.error.size()))
    }

    /// The same without holes.
    pub fn filled(&self) -> Self {
        Self { cells: self.cells.iter().map(|cell| cell.filled()).collect() }
    }
}
