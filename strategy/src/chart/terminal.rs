//! The chart in plain characters.

use std::ops::RangeInclusive;

use super::axis::{marks, per_cent, times};
use super::{Chart, Line};

/// How many columns a chart may take.
pub const WIDTHS: RangeInclusive<usize> = 60..=200;

/// Rows of the lines.
const ROWS: usize = 18;
/// Columns of the names of the left axis.
const LEFT: usize = 10;
/// From nothing to all.
const LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

impl Line {
    fn mark(self) -> char {
        match self {
            Self::Cash => '-',
            Self::BuyAndHold => '.',
            Self::ConstantWeight => 'o',
            Self::AtQuote => '+',
            Self::Later => '#',
        }
    }
}

/// Draws a chart in so many columns, which are brought within [`WIDTHS`].
pub fn terminal(chart: &Chart, width: usize) -> String {
    let width = width.clamp(*WIDTHS.start(), *WIDTHS.end());
    let columns = width - LEFT;
    let (first, last) = chart.span();
    let column = |hour: u64| ((hour.saturating_sub(first)) as u128 * (columns as u128 - 1) / u128::from(last - first)) as usize;
    let (lowest, highest) = padded(chart.range());
    let row = |value: f64| (((highest - value) / (highest - lowest) * (ROWS - 1) as f64).round() as usize).min(ROWS - 1);
    let mut cells = vec![vec![' '; columns]; ROWS];
    let border = chart.border().map(column);
    if let Some(border) = border {
        cells.iter_mut().for_each(|row| row[border] = '¦');
    }
    let mut drawdown = vec![None::<f64>; columns];
    let mut weight = vec![(0.0, 0u32); columns];
    for (which, line) in Line::ALL.into_iter().enumerate() {
        for part in &chart.parts {
            // The last hour of each column. Columns before it that have no hour get its value.
            let mut at = column(part.hours[0]);
            for (hour, value) in part.hours.iter().zip(&part.lines[which]) {
                let to = column(*hour);
                for between in at.min(to)..=to {
                    clear(&mut cells, between, line.mark(), border);
                    cells[row(*value)][between] = line.mark();
                }
                at = to + 1;
            }
        }
    }
    for part in &chart.parts {
        for ((hour, fall), share) in part.hours.iter().zip(&part.drawdown).zip(&part.weight) {
            let at = column(*hour);
            drawdown[at] = Some(drawdown[at].unwrap_or(0.0).max(*fall));
            weight[at] = (weight[at].0 + share, weight[at].1 + 1);
        }
    }
    let names = marks(lowest, highest, 6);
    let distance = names.get(1).map_or(0.01, |next| next - names[0]);
    let mut text = vec![heading(chart, columns, &column)];
    for (at, cells) in cells.iter().enumerate() {
        let name = names.iter().find(|mark| row(**mark) == at).map(|mark| per_cent(*mark, distance));
        let tick = if name.is_some() { '┤' } else { '│' };
        text.push(format!("{:>width$} {tick}{}", name.unwrap_or_default(), cells.iter().collect::<String>().trim_end(), width = LEFT - 2));
    }
    text.push(format!("{:>LEFT$}{}", "└", "─".repeat(columns)));
    text.push(dates(first, last, columns, &column));
    let deepest = chart.deepest();
    let falls: String = drawdown.iter().map(|fall| level(fall.unwrap_or(0.0) / deepest.max(f64::MIN_POSITIVE))).collect();
    let shares: String = weight.iter().map(|(sum, count)| level(sum / f64::from((*count).max(1)))).collect();
    text.push(format!("{:>width$} │{}", "drawdown", falls.trim_end(), width = LEFT - 2));
    text.push(format!("{:>width$} │{}", "weight", shares.trim_end(), width = LEFT - 2));
    let legend = Line::ALL.into_iter().rev().map(|line| format!("{} {}", line.mark(), line.name()));
    text.push(String::new());
    text.extend(wrapped(legend, width));
    text.push(format!(
        "Returns since the deposit. Drawdown (full height: {:.1} %) and weight (100 %) are of the fills one quote later.",
        deepest * 100.0
    ));
    text.join("\n")
}

/// A little room above and below, and never nothing between the two.
fn padded((lowest, highest): (f64, f64)) -> (f64, f64) {
    let room = ((highest - lowest) * 0.03).max(1e-4);
    (lowest - room, highest + room)
}

/// Takes a line's earlier mark out of a column, so that each line has one.
fn clear(cells: &mut [Vec<char>], column: usize, mark: char, border: Option<usize>) {
    let empty = if border == Some(column) { '¦' } else { ' ' };
    for row in cells.iter_mut().filter(|row| row[column] == mark) {
        row[column] = empty;
    }
}

fn level(share: f64) -> char {
    // Anything that is more than nothing shows.
    let eighths = (share * 8.0).ceil().clamp(0.0, 8.0) as usize;
    LEVELS[eighths]
}

/// The names of the parts, above where they begin.
fn heading(chart: &Chart, columns: usize, column: &impl Fn(u64) -> usize) -> String {
    let mut line = vec![' '; columns];
    let names = chart.parts.iter().map(|part| (column(part.hours[0]), part.label.name()));
    for (at, name) in names {
        let at = (at + 1).min(columns.saturating_sub(name.len()));
        line[at..].iter_mut().zip(name.chars()).for_each(|(cell, character)| *cell = character);
    }
    format!("{:LEFT$}{}", "", line.into_iter().collect::<String>().trim_end())
}

/// The names of the times, each centred where it is.
fn dates(first: u64, last: u64, columns: usize, column: &impl Fn(u64) -> usize) -> String {
    let mut line = vec![' '; columns];
    let mut free = 0;
    for (hour, name) in times(first, last, columns / 14) {
        let length = name.chars().count();
        let at = column(hour).saturating_sub(length / 2).min(columns.saturating_sub(length));
        if at >= free {
            line[at..].iter_mut().zip(name.chars()).for_each(|(cell, character)| *cell = character);
            free = at + length + 2;
        }
    }
    format!("{:LEFT$}{}", "", line.into_iter().collect::<String>().trim_end())
}

/// Names in a row, as many as fit.
fn wrapped(names: impl Iterator<Item = String>, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for name in names {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 3 + name.chars().count() <= width => *line += &format!("   {name}"),
            _ => lines.push(name),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::fixtures::chart;

    #[test]
    fn a_chart_fits_its_columns_and_shows_every_line_and_part() {
        for width in [80, 100, 120] {
            let text = terminal(&chart("A", 600), width);
            assert!(text.lines().filter(|line| line.contains(['│', '┤', '└'])).all(|line| line.chars().count() <= width), "{text}");
            let plot: String = text.lines().filter(|line| line.contains(['│', '┤'])).collect();
            for line in Line::ALL {
                assert!(plot.contains(line.mark()), "{}: {text}", line.name());
                assert!(text.contains(line.name()));
            }
            assert!(text.lines().next().unwrap().contains("in-sample") && text.lines().next().unwrap().contains("held-out"));
            assert!(plot.matches('¦').count() > ROWS / 2, "the border is drawn: {text}");
            assert!(text.contains("Jun 2021"), "{text}");
        }
    }

    #[test]
    fn each_line_has_one_mark_in_a_column_at_most() {
        let text = terminal(&chart("A", 600), 100);
        let rows: Vec<Vec<char>> =
            text.lines().filter(|line| line.contains(['│', '┤'])).take(ROWS).map(|line| line.chars().collect()).collect();
        assert_eq!(rows.len(), ROWS);
        for column in LEFT..100 {
            let marks = rows.iter().filter(|row| row.get(column) == Some(&Line::Later.mark())).count();
            assert_eq!(marks, 1, "column {column}: {text}");
        }
    }

    #[test]
    fn short_and_long_histories_are_drawn() {
        for hours in [1, 2, 3, 30, 3_000] {
            let text = terminal(&chart("A", hours), 0);
            assert!(text.contains(Line::Later.mark()), "{hours}: {text}");
        }
    }
}
