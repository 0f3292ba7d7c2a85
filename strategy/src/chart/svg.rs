//! The chart as a picture: one SVG file that needs no other, light or dark as the reader's screen is.
//!
//! It is written here and not by a crate for charts, because those set a colour at each element, and only classes can follow
//! `prefers-color-scheme`.

use std::fmt::Write;

use super::axis::{day, marks, per_cent, times};
use super::{Chart, Line, Section};
use crate::backtest::Label;

/// What the pictures begin with, and other files do not: by this, one of ours is known.
pub const MARK: &str = "<!-- maat strategy chart -->";

const WIDTH: f64 = 1200.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 1172.0;
/// Top and bottom of each panel.
const EQUITY: (f64, f64) = (152.0, 492.0);
const DRAWDOWN: (f64, f64) = (532.0, 622.0);
const WEIGHT: (f64, f64) = (662.0, 722.0);
/// Where the caption begins, its distance between lines, and how many characters a line has.
const CAPTION: (f64, f64, usize) = (784.0, 19.0, 165);

/// Colours by E. Okabe and M. Ito that readers with any vision tell apart, darker on light ground, and lighter on dark.
const STYLE: &str = "\
svg{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;font-size:13px}\
.ground{fill:#fff}.text{fill:#1b1f24}.quiet{fill:#59636e}.title{font-size:22px;font-weight:600}.verdict{font-size:15px;font-weight:600}\
.grid{stroke:#d8dee4;stroke-width:1}.zero{stroke:#8c959f;stroke-width:1}.border{stroke:#59636e;stroke-width:1.2;stroke-dasharray:5 4}\
.trained{fill:#57606a;fill-opacity:.07}.line{fill:none;stroke-linejoin:round;stroke-linecap:round}\
.cash{stroke:#6e7781;stroke-width:1.4;stroke-dasharray:2 4}.hold{stroke:#b35900;stroke-width:1.3}.constant{stroke:#00795c;stroke-width:1.3}\
.quote{stroke:#7a4fb5;stroke-width:1.4}.later{stroke:#0059b3;stroke-width:2.2}\
.fall{fill:#c4320a;fill-opacity:.28;stroke:#c4320a;stroke-width:1}.weight{fill:#0059b3;fill-opacity:.35;stroke:none}\
@media (prefers-color-scheme:dark){\
.ground{fill:#0d1117}.text{fill:#e6edf3}.quiet{fill:#9198a1}.grid{stroke:#262c34}.zero{stroke:#656d76}.border{stroke:#9198a1}\
.trained{fill:#c9d1d9;fill-opacity:.07}.cash{stroke:#8b949e}.hold{stroke:#f0a04b}.constant{stroke:#3fc99b}.quote{stroke:#c8a2ff}\
.later{stroke:#58b0ff}.fall{fill:#ff8a65;fill-opacity:.3;stroke:#ff8a65}.weight{fill:#58b0ff;fill-opacity:.4}}";

impl Line {
    fn class(self) -> &'static str {
        match self {
            Self::Cash => "cash",
            Self::BuyAndHold => "hold",
            Self::ConstantWeight => "constant",
            Self::AtQuote => "quote",
            Self::Later => "later",
        }
    }
}

/// Draws a chart.
pub fn svg(chart: &Chart) -> String {
    let caption: Vec<String> = chart.caption.iter().flat_map(|text| wrapped(text, CAPTION.2)).collect();
    let height = CAPTION.0 + CAPTION.1 * caption.len() as f64 + 6.0;
    let mut picture = Picture::new(chart, height);
    picture.heading();
    picture.parts();
    picture.times();
    picture.equity();
    picture.drawdown();
    picture.weight();
    picture.border();
    picture.legend();
    for (line, text) in caption.iter().enumerate() {
        picture.text("quiet", "start", (28.0, CAPTION.0 + CAPTION.1 * line as f64), text);
    }
    picture.finish()
}

struct Picture<'c> {
    chart: &'c Chart,
    out: String,
    first: u64,
    last: u64,
}

impl<'c> Picture<'c> {
    fn new(chart: &'c Chart, height: f64) -> Self {
        let (first, last) = chart.span();
        let mut out = String::new();
        // Writing into a text cannot fail.
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" \
             aria-labelledby=\"title verdict\">\n{MARK}\n<title id=\"title\">{}</title>\n<desc id=\"verdict\">{}</desc>\n<style>{STYLE}</style>\n\
             <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\"/>\n",
            escaped(&chart.title),
            escaped(&chart.verdict)
        );
        Self { chart, out, first, last }
    }

    fn finish(mut self) -> String {
        self.out += "</svg>\n";
        self.out
    }

    fn x(&self, hour: u64) -> f64 {
        LEFT + (hour.saturating_sub(self.first)) as f64 / (self.last - self.first) as f64 * (RIGHT - LEFT)
    }

    fn text(&mut self, class: &str, anchor: &str, (x, y): (f64, f64), text: &str) {
        let _ = writeln!(self.out, "<text class=\"{class}\" text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(text));
    }

    fn rule(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let _ = writeln!(self.out, "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>");
    }

    fn path(&mut self, class: &str, points: &[(f64, f64)], end: &str) {
        let mut data = String::new();
        for (at, (x, y)) in points.iter().enumerate() {
            let _ = write!(data, "{}{x:.1} {y:.1}", if at == 0 { "M" } else { "L" });
        }
        let _ = writeln!(self.out, "<path class=\"{class}\" d=\"{data}{end}\"/>");
    }

    fn heading(&mut self) {
        let (chart, first, last) = (self.chart, self.first, self.last);
        self.text("text title", "start", (28.0, 42.0), &format!("{}, {} to {}", chart.title, day(first), day(last)));
        self.text("text verdict", "start", (28.0, 70.0), &chart.verdict);
    }

    /// What was trained on has a ground of its own, and each part its name.
    fn parts(&mut self) {
        let spans: Vec<(Label, f64, f64)> =
            self.chart.parts.iter().map(|part| (part.label, self.x(part.hours[0]), self.x(part.hours[part.hours.len() - 1]))).collect();
        for (label, from, to) in spans {
            let long = match label {
                Label::InSample => "in-sample: the network was trained on these prices",
                Label::HeldOut => "held-out, by the owner's word",
            };
            if label == Label::InSample {
                for (top, bottom) in [EQUITY, DRAWDOWN, WEIGHT] {
                    let (width, height) = (to - from, bottom - top);
                    let _ = writeln!(
                        self.out,
                        "<rect class=\"trained\" x=\"{from:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
                    );
                }
            }
            // About 6.6 units for each character: a name that does not fit is written short, or towards the left.
            let fits = |name: &str| name.len() as f64 * 6.6 + 12.0 <= to - from;
            let name = if fits(long) { long } else { label.name() };
            if fits(name) || to < RIGHT - 1.0 {
                self.text("quiet", "start", (from + 6.0, EQUITY.0 - 8.0), name);
            } else {
                self.text("quiet", "end", (to, EQUITY.0 - 8.0), name);
            }
        }
    }

    fn times(&mut self) {
        for (hour, name) in times(self.first, self.last, 9) {
            let x = self.x(hour);
            for (top, bottom) in [EQUITY, DRAWDOWN, WEIGHT] {
                self.rule("grid", (x, top), (x, bottom));
            }
            let anchor = if x > RIGHT - 40.0 { "end" } else { "middle" };
            self.text("quiet", anchor, (x, WEIGHT.1 + 20.0), &name);
        }
        self.text("quiet", "middle", ((LEFT + RIGHT) / 2.0, WEIGHT.1 + 40.0), "time (UTC)");
    }

    fn equity(&mut self) {
        let (lowest, highest) = self.chart.range();
        let room = ((highest - lowest) * 0.04).max(1e-4);
        let (lowest, highest) = (lowest - room, highest + room);
        let y = |value: f64| EQUITY.0 + (highest - value) / (highest - lowest) * (EQUITY.1 - EQUITY.0);
        self.axis(&marks(lowest, highest, 9), y);
        self.axis_name(EQUITY, "return since the deposit");
        let chart = self.chart;
        for (which, line) in Line::ALL.into_iter().enumerate() {
            for part in &chart.parts {
                let points = thinned(part.hours.iter().zip(&part.lines[which]).map(|(hour, value)| (self.x(*hour), y(*value))));
                self.path(&format!("line {}", line.class()), &points, "");
            }
        }
    }

    fn drawdown(&mut self) {
        let chart = self.chart;
        let deepest = chart.deepest().max(1e-4);
        let y = |fall: f64| DRAWDOWN.0 + fall / deepest * (DRAWDOWN.1 - DRAWDOWN.0);
        let falls: Vec<f64> = marks(0.0, deepest, 3);
        self.axis(&falls.iter().map(|fall| -fall).collect::<Vec<_>>(), |value| y(-value));
        self.axis_name(DRAWDOWN, "drawdown");
        for part in &chart.parts {
            let points = thinned(part.hours.iter().zip(&part.drawdown).map(|(hour, fall)| (self.x(*hour), y(*fall))));
            let points = [&[(self.x(part.hours[0]), y(0.0))], points.as_slice(), &[(self.end(part), y(0.0))]].concat();
            self.path("fall", &points, "Z");
        }
    }

    fn weight(&mut self) {
        let chart = self.chart;
        let y = |share: f64| WEIGHT.1 - share * (WEIGHT.1 - WEIGHT.0);
        for (share, name) in [(0.0, "0 %"), (1.0, "100 %")] {
            self.rule("grid", (LEFT, y(share)), (RIGHT, y(share)));
            self.text("quiet", "end", (LEFT - 8.0, y(share) + 4.0), name);
        }
        self.axis_name(WEIGHT, "weight");
        for part in &chart.parts {
            let steps = means(part.hours.iter().zip(&part.weight).map(|(hour, share)| (self.x(*hour), *share)));
            let last = self.end(part);
            let ends = steps.iter().skip(1).map(|(x, _)| *x).chain([last]);
            let tops = steps.iter().zip(ends).flat_map(|((x, share), end)| [(*x, y(*share)), (end, y(*share))]);
            let points: Vec<_> = [(self.x(part.hours[0]), y(0.0))].into_iter().chain(tops).chain([(last, y(0.0))]).collect();
            self.path("weight", &points, "Z");
            // Nothing is held from there on, so that there is room.
            if let Some(x) = part.halted.map(|hour| self.x(hour)) {
                let middle = (WEIGHT.0 + WEIGHT.1) / 2.0 + 4.5;
                let (anchor, x) = if last - x > 60.0 { ("start", x + 8.0) } else { ("end", x - 8.0) };
                self.text("quiet", anchor, (x, middle), "halted");
            }
        }
    }

    fn end(&self, part: &Section) -> f64 {
        self.x(part.hours[part.hours.len() - 1])
    }

    fn border(&mut self) {
        if let Some(hour) = self.chart.border() {
            let x = self.x(hour);
            self.rule("border", (x, EQUITY.0 - 22.0), (x, WEIGHT.1));
        }
    }

    fn legend(&mut self) {
        let mut x = 28.0;
        for line in Line::ALL.into_iter().rev() {
            self.rule(&format!("line {}", line.class()), (x, 99.0), (x + 26.0, 99.0));
            self.text("text", "start", (x + 34.0, 103.5), line.name());
            x += 34.0 + line.name().len() as f64 * 6.4 + 30.0;
        }
    }

    /// Marks of returns on the left, with lines across.
    fn axis(&mut self, marks: &[f64], y: impl Fn(f64) -> f64) {
        let distance = marks.get(1).map_or(0.01, |next| (next - marks[0]).abs());
        for mark in marks {
            let at = y(*mark);
            let class = if mark.abs() < distance * 1e-6 { "zero" } else { "grid" };
            self.rule(class, (LEFT, at), (RIGHT, at));
            self.text("quiet", "end", (LEFT - 8.0, at + 4.0), &per_cent(*mark, distance));
        }
    }

    fn axis_name(&mut self, (top, bottom): (f64, f64), name: &str) {
        let (x, y) = (20.0, (top + bottom) / 2.0);
        let _ = writeln!(
            self.out,
            "<text class=\"quiet\" text-anchor=\"middle\" transform=\"translate({x:.1} {y:.1}) rotate(-90)\">{}</text>",
            escaped(name)
        );
    }
}

/// Of all points in one unit of width: the first, the lowest, the highest and the last, in their order. What is left out would not be seen.
fn thinned(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    let mut flush = |group: &[(f64, f64)]| {
        let by_height = |pick: fn(&f64, &f64) -> bool| {
            (0..group.len()).reduce(|best, at| if pick(&group[at].1, &group[best].1) { at } else { best }).unwrap_or(0)
        };
        let mut places = vec![0, by_height(f64::lt), by_height(f64::gt), group.len().saturating_sub(1)];
        places.sort_unstable();
        places.dedup();
        kept.extend(places.into_iter().filter_map(|at| group.get(at)));
    };
    let mut group: Vec<(f64, f64)> = Vec::new();
    for point in points {
        if group.first().is_some_and(|first| first.0.floor() != point.0.floor()) {
            flush(&group);
            group.clear();
        }
        group.push(point);
    }
    flush(&group);
    kept
}

/// The mean height of all points in each unit of width, at the first of them.
fn means(points: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut groups: Vec<(f64, f64, f64)> = Vec::new();
    for (x, value) in points {
        match groups.last_mut() {
            Some((first, sum, count)) if first.floor() == x.floor() => (*sum, *count) = (*sum + value, *count + 1.0),
            _ => groups.push((x, value, 1.0)),
        }
    }
    groups.into_iter().map(|(x, sum, count)| (x, sum / count)).collect()
}

/// A text cut into lines at spaces.
fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => *line += &format!(" {word}"),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A text that is nothing but text in XML. Characters that XML does not have become the sign for one that is missing.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use roxmltree::Document;

    use super::*;
    use crate::chart::fixtures::chart;

    #[test]
    fn the_picture_is_xml_and_refers_to_nothing_outside() {
        let text = svg(&chart("RockyBot", 900));
        let document = Document::parse(&text).unwrap();
        let root = document.root_element();
        assert_eq!(root.tag_name().name(), "svg");
        assert!(!text.contains("href") && !text.contains("url(") && !text.contains("<script"));
        assert_eq!(text.matches("http").count(), 1, "the name space alone");
        assert!(text.contains("prefers-color-scheme:dark"));
        let all = || document.descendants().filter(|node| node.is_element());
        let texts: Vec<&str> =
            all().filter(|node| node.has_tag_name((root.tag_name().namespace().unwrap(), "text"))).filter_map(|node| node.text()).collect();
        for expected in ["time (UTC)", "return since the deposit", "drawdown", "weight", "held-out, by the owner's word", "100 %"] {
            assert!(texts.contains(&expected), "{expected}: {texts:?}");
        }
        for line in Line::ALL {
            assert!(texts.contains(&line.name()), "{}", line.name());
            let class = format!("line {}", line.class());
            // One in the legend, and one for each part.
            assert_eq!(all().filter(|node| node.attribute("class") == Some(&class)).count(), 3, "{class}");
        }
        assert_eq!(all().filter(|node| node.attribute("class") == Some("border")).count(), 1);
    }

    #[test]
    fn a_halt_is_named_where_it_was() {
        let mut chart = chart("A", 300);
        assert_eq!(chart.parts.iter().map(|part| part.halted).collect::<Vec<_>>(), [None, None]);
        assert!(!svg(&chart).contains(">halted<"));
        // With room after it, and at the very end.
        for (hour, anchor) in [(chart.parts[0].hours[50], "start"), (*chart.parts[0].hours.last().unwrap(), "end")] {
            chart.parts[0].halted = Some(hour);
            let text = svg(&chart);
            let mark = text.lines().find(|line| line.contains(">halted<")).unwrap();
            assert!(mark.contains(&format!("text-anchor=\"{anchor}\"")), "{mark}");
        }
    }

    #[test]
    fn every_class_has_a_colour_in_light_and_in_dark() {
        let (light, dark) = STYLE.split_once("@media").unwrap();
        for line in Line::ALL {
            let rule = format!(".{}{{stroke:", line.class());
            assert!(light.contains(&rule) && dark.contains(&rule), "{rule}");
        }
    }

    #[test]
    fn names_are_text_and_no_markup() {
        let name = "</title><script>alert(1)</script>&\"'\u{1b}]]>--";
        let text = svg(&{
            let mut chart = chart("A", 60);
            chart.title = name.to_owned();
            chart.verdict = name.to_owned();
            chart.caption = vec![name.to_owned()];
            chart
        });
        let document = Document::parse(&text).unwrap();
        assert!(!text.contains("<script"));
        let shown = name.replace('\u{1b}', "\u{fffd}");
        let titles = |tag: &str| document.descendants().find(|node| node.tag_name().name() == tag).and_then(|node| node.text());
        assert_eq!((titles("title"), titles("desc")), (Some(shown.as_str()), Some(shown.as_str())));
        assert!(document.descendants().any(|node| node.tag_name().name() == "text" && node.text() == Some(&shown)));
    }

    #[test]
    fn every_point_is_within_the_picture() {
        for hours in [1, 2, 3, 50, 2_000] {
            let text = svg(&chart("A", hours));
            let document = Document::parse(&text).unwrap_or_else(|error| panic!("{hours}: {error}"));
            assert!(!text.contains("NaN") && !text.contains("inf"), "{hours}: {text}");
            for path in document.descendants().filter_map(|node| node.attribute("d")) {
                for point in path.trim_end_matches('Z').split(['M', 'L']).filter(|point| !point.is_empty()) {
                    let (x, y) = point.split_once(' ').unwrap();
                    let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
                    assert!((LEFT - 0.1..=RIGHT + 0.1).contains(&x) && (EQUITY.0..=WEIGHT.1 + 0.1).contains(&y), "{hours}: {point}");
                }
            }
        }
    }

    #[test]
    fn thinning_keeps_what_is_seen() {
        let points = (0..1_000).map(|at| (f64::from(at) / 100.0, f64::from(at * 37 % 100)));
        let thin = thinned(points.clone());
        assert!(thin.len() <= 40, "{}", thin.len());
        for unit in 0..10 {
            let within = |points: Vec<(f64, f64)>| {
                points.into_iter().filter(|point| point.0.floor() == f64::from(unit)).map(|point| point.1).collect::<Vec<_>>()
            };
            let (all, kept) = (within(points.clone().collect()), within(thin.clone()));
            assert_eq!(all.iter().copied().fold(f64::MAX, f64::min), kept.iter().copied().fold(f64::MAX, f64::min));
            assert_eq!(all.iter().copied().fold(f64::MIN, f64::max), kept.iter().copied().fold(f64::MIN, f64::max));
            assert_eq!((all.first(), all.last()), (kept.first(), kept.last()));
        }
        assert!(thin.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert_eq!(means([(0.1, 1.0), (0.9, 2.0), (1.0, 5.0)].into_iter()), [(0.1, 1.5), (1.0, 5.0)]);
    }
}
