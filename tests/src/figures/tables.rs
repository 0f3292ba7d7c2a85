//! What is between the marks of a page: tables and lines, by name.

use std::fmt::Write;

use maat_cairo::limits;

use super::{Class, Example, Figures, HeldOut, Nearness};
use crate::models::{MODELS, RealModel};

/// Makes a block's lines out of the figures.
pub(super) type Block = fn(&Figures) -> String;

/// All blocks, by the name in their marks.
pub(super) const BLOCKS: &[(&str, Block)] =
    &[("build", build), ("classes", classes), ("examples", examples), ("models", models), ("starknet", starknet)];

/// What the first builds take.
fn build(figures: &Figures) -> String {
    let (build, chain) = (figures.by_hand.first_build_minutes, figures.by_hand.local_chain_minutes);
    format!(
        "The first build takes {build} CPU minutes, about {:.0} on two cores. The local chain takes another {chain} CPU minutes.\n",
        build / 2.0
    )
}

/// The examples in short.
fn examples(figures: &Figures) -> String {
    let mut table = head(&["example", "MACs", "Cairo steps", "steps per MAC", "class, share of Starknet's tightest limit"]);
    for (row, example) in rows(figures) {
        let cost = &example.cost;
        let per_mac = if row.is_of_trees { String::new() } else { format!("{:.2}", cost.steps as f64 / cost.macs as f64) };
        let share = cost.classes.iter().map(share_of_limits).fold(0.0, f64::max);
        let in_parts = if cost.classes.len() > 1 { format!(", in {} classes", cost.classes.len()) } else { String::new() };
        let name = format!("`{}`: {}", row.label(), row.about);
        line(&mut table, &[name, macs(row, example), grouped(cost.steps), per_mac, format!("{:.0} %{in_parts}", 100.0 * share)]);
    }
    table
}

/// What the examples give on their test samples: the most steps of a few of them, and how near the integers come to the float network.
fn models(figures: &Figures) -> String {
    let mut table = head(&["example", "Cairo steps of a test sample", "agreement", "held out: float", "16 bits", "8 bits"]);
    for (row, example) in rows(figures) {
        let nearness = match example.nearness {
            Nearness::SameChoice(same, of) => format!("{same} of {of}"),
            Nearness::Error(error) => format!("error at most {error} % of the greatest value"),
        };
        let right = |of: &dyn Fn(&HeldOut) -> Option<usize>| {
            let held_out = example.held_out.as_ref();
            held_out.and_then(|held_out| Some((of(held_out)?, held_out.samples))).map_or(String::new(), |(right, of)| per_cent(right, of))
        };
        let by_bits = |bits: u32| right(&|held_out| held_out.by_bits.get(&bits).copied());
        let float = right(&|held_out| Some(held_out.float));
        let label = format!("`{}`", row.label());
        line(&mut table, &[label, grouped(example.sample_steps), nearness, float, by_bits(16), by_bits(8)]);
    }
    table
}

/// What the examples cost on Starknet.
fn starknet(figures: &Figures) -> String {
    let mut table = head(&[
        "model",
        "MACs",
        "class felts, Sierra + CASM",
        "contract steps",
        "L2 gas",
        "share of the limit",
        "charged on the local chain",
        "share",
    ]);
    for (row, example) in rows(figures) {
        let Example { cost, contract_steps, charged_l2_gas, .. } = example;
        let label = match cost.classes.len() {
            1 => format!("`{}`", row.label()),
            count => format!("`{}`, in {count} classes", row.label()),
        };
        let felts = |of: fn(&Class) -> usize| grouped(cost.classes.iter().map(of).sum::<usize>());
        let felts = format!("{} + {}", felts(|class| class.sierra_felts), felts(|class| class.casm_felts));
        let share = |gas: u64| format!("{:.2} %", 100.0 * gas as f64 / limits::TRANSACTION_L2_GAS as f64);
        let (gas, charged) = (cost.l2_gas, *charged_l2_gas);
        line(
            &mut table,
            &[label, macs(row, example), felts, grouped(*contract_steps), grouped(gas), share(gas), grouped(charged), share(charged)],
        );
    }
    table
}

/// The classes of the examples.
fn classes(figures: &Figures) -> String {
    let mut table = head(&["class", "Sierra felts", "CASM felts", "bytes", "L2 gas of the declaration"]);
    for (row, example) in rows(figures) {
        for class in &example.cost.classes {
            let part = if class.name == "model" { String::new() } else { format!(", {}", class.name) };
            let name = format!("`{}`{part}", row.label());
            let [sierra, casm, bytes] = [class.sierra_felts, class.casm_felts, class.sierra_bytes].map(grouped);
            line(&mut table, &[name, sierra, casm, bytes, grouped(class.declaration_l2_gas)]);
        }
    }
    table
}

/// The models that have figures, in the order of the list.
fn rows(figures: &Figures) -> impl Iterator<Item = (&'static RealModel, &Example)> {
    MODELS.iter().filter_map(|row| Some((row, figures.examples.get(row.name)?)))
}

fn head(columns: &[&str]) -> String {
    format!("| {} |\n|{}\n", columns.join(" | "), "---|".repeat(columns.len()))
}

fn line(table: &mut String, cells: &[String]) {
    table.push('|');
    for cell in cells {
        let _ = write!(table, "{}{cell} |", if cell.is_empty() { "" } else { " " });
    }
    table.push('\n');
}

/// Multiply-accumulates, where they say something.
fn macs(row: &RealModel, example: &Example) -> String {
    if row.is_of_trees { String::new() } else { grouped(example.cost.macs) }
}

fn share_of_limits(class: &Class) -> f64 {
    let limits =
        [(class.sierra_felts, limits::SIERRA_FELTS), (class.casm_felts, limits::CASM_FELTS), (class.sierra_bytes, limits::SIERRA_BYTES)];
    limits.iter().map(|(value, limit)| *value as f64 / *limit as f64).fold(0.0, f64::max)
}

fn per_cent(count: usize, of: usize) -> String {
    format!("{:.2} %", 100.0 * count as f64 / of as f64)
}

/// A number with a comma before each three digits.
fn grouped(number: impl ToString) -> String {
    let digits = number.to_string();
    let before = |position: usize| if position > 0 && (digits.len() - position).is_multiple_of(3) { "," } else { "" };
    digits.char_indices().map(|(position, digit)| format!("{}{digit}", before(position))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_in_threes() {
        let numbers = [0u64, 999, 1_000, 12_345, 123_456, 1_234_567];
        assert_eq!(numbers.map(grouped), ["0", "999", "1,000", "12,345", "123,456", "1,234,567"]);
    }

    #[test]
    fn a_table_has_as_many_columns_in_each_line() {
        let figures = super::super::committed();
        for (name, block) in BLOCKS.iter().filter(|(name, _)| *name != "build") {
            let text = block(&figures);
            let columns: Vec<usize> = text.lines().map(|line| line.matches('|').count()).collect();
            assert!(columns.len() > 2 && columns.iter().all(|count| *count == columns[0]), "{name}:\n{text}");
        }
    }
}
