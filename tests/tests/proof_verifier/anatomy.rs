//! Which felts of a proof are which.

use std::ops::Range;

use maat_verifier::Values;
use maat_verifier::layout::{Layout, MASKS_WIDTH, SPONGE_WIDTH};

use super::proofs::Proof;

/// The four trees over the domain, in the order of their caps.
pub const TREES: [&str; 4] = ["fixed", "witness", "auxiliary", "quotients"];
/// Public values in a felt.
const VALUES: usize = 7;
/// Nodes of a cap.
pub const CAP: usize = 16;
/// Queries of a proof.
pub const QUERIES: usize = 16;
/// Logarithms of the blow-up, the folding factor and a cap's nodes.
pub const LOG_BLOWUP: u32 = 5;
pub const LOG_FOLDING: u32 = 3;
const LOG_CAP: u32 = 4;
/// Logarithm of the most coefficients of a remainder.
const LOG_REMAINDER: u32 = 6;
/// Elements of a row of the low-degree test.
const ROW: usize = 16;

/// Felts that belong together.
#[derive(Debug, Clone)]
pub struct Part {
    pub name: String,
    pub range: Range<usize>,
    /// Elements that are packed in them, if they are.
    pub elements: Option<usize>,
}

/// All felts of a proof, in order.
pub struct Anatomy {
    pub parts: Vec<Part>,
    /// The parts of each query, and all of its felts.
    pub queries: Vec<(Vec<Part>, Range<usize>)>,
    /// Logarithm of the points of the domain.
    pub log_domain: u32,
    pub layers: usize,
}

/// Adds parts one after the other.
struct Builder {
    end: usize,
    parts: Vec<Part>,
}

impl Builder {
    fn felts(&mut self, name: impl Into<String>, count: usize) {
        self.add(name.into(), count, None);
    }

    fn packed(&mut self, name: impl Into<String>, elements: usize) {
        self.add(name.into(), elements.div_ceil(3), Some(elements));
    }

    fn add(&mut self, name: String, count: usize, elements: Option<usize>) {
        let range = self.end..self.end + count;
        self.end = range.end;
        if count != 0 {
            self.parts.push(Part { name, range, elements });
        }
    }
}

impl Anatomy {
    pub fn of(proof: &Proof) -> Self {
        let (header, entry) = (&proof.header, proof.header.entry());
        let sides = [("inputs", header.inputs()), ("outputs", header.outputs())];
        let sponges = SPONGE_WIDTH * sides.iter().filter(|(_, side)| side.as_committed().is_some()).count();
        let (masks, quotients) = if header.mode().is_hiding() { (MASKS_WIDTH, 3) } else { (0, 2) };
        let layout = Layout::base();
        let (witness, fixed, auxiliary) = (layout.witness_width(), layout.fixed_width(), layout.auxiliary_width() + masks);
        let log_domain = entry.rows.ilog2() + LOG_BLOWUP;

        let mut builder = Builder { end: 0, parts: Vec::new() };
        for name in ["length", "shape", "commitment", "fixed root"] {
            builder.felts(name, 1);
        }
        builder.felts("one-time path", header.one_time().map_or(0, |root| 2 * root.path.len()));
        for (name, side) in sides {
            match side {
                Values::Public(values) => builder.felts(name, values.len().div_ceil(VALUES)),
                Values::Hidden => {}
                Values::Committed(digest) => builder.packed(name, digest.elements().len()),
            }
        }
        for tree in TREES {
            builder.felts(format!("cap of {tree}"), CAP);
        }
        builder.packed("frame", 2 * 2 * (witness + fixed + sponges + auxiliary + quotients));
        let (mut log_left, mut layers) = (entry.rows.ilog2(), 0);
        while log_left > LOG_REMAINDER {
            layers += 1;
            builder.felts(format!("cap of layer {layers}"), CAP);
            log_left -= LOG_FOLDING;
        }
        builder.packed("remainder", 2 << log_left);
        builder.felts("nonce", 1);
        let (parts, mut end) = (std::mem::take(&mut builder.parts), builder.end);
        let mut queries = Vec::new();
        for _ in 0..QUERIES {
            builder.packed("row of witness", witness);
            builder.packed("row of fixed", fixed);
            builder.packed("row of sponges", sponges);
            builder.packed("row of auxiliary", 2 * auxiliary);
            builder.packed("row of quotients", 2 * quotients);
            builder.felts("paths", TREES.len() * (log_domain - LOG_CAP) as usize);
            builder.felts("inverse", 1);
            for layer in 1..=layers {
                builder.packed(format!("row of layer {layer}"), ROW);
                builder.felts(format!("path of layer {layer}"), (log_domain - layer as u32 * LOG_FOLDING - LOG_CAP) as usize);
            }
            queries.push((std::mem::take(&mut builder.parts), end..builder.end));
            end = builder.end;
        }
        assert_eq!(end, proof.felts.len());
        Self { parts, queries, log_domain, layers }
    }

    pub fn part(&self, name: &str) -> &Part {
        self.parts.iter().find(|part| part.name == name).unwrap_or_else(|| panic!("no {name}"))
    }

    pub fn part_of_query(&self, query: usize, name: &str) -> &Part {
        self.queries[query].0.iter().find(|part| part.name == name).unwrap_or_else(|| panic!("no {name}"))
    }
}
