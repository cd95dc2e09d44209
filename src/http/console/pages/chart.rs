//! Charts drawn by the server: numbers become the points of an SVG without a size of its own, so that it is as wide as there is
//! room; all words stand beside it as text. Every chart has its numbers as a table.

use std::fmt::Write as _;

use super::atoms::{Moment, grouped};

/// A chart: panels one below the other over the same stretch of time.
#[derive(Debug, Clone, Default)]
pub struct Chart {
    /// Its id on the page.
    pub id: &'static str,
    /// What it shows.
    pub title: &'static str,
    /// The most important of it in a sentence.
    pub about: String,
    /// The panels.
    pub panels: Vec<Panel>,
    /// Under the panels, from the left, each at the beginning of its part.
    pub ticks: Vec<String>,
    /// The heads of the table's columns, behind that of the time.
    pub columns: Vec<String>,
    /// The table, newest first.
    pub rows: Vec<(Moment, Vec<String>)>,
}

/// One drawing.
#[derive(Debug, Clone, Default)]
pub struct Panel {
    /// What it says to somebody who does not see it.
    pub label: String,
    /// What is at its upper end.
    pub top: String,
    /// What is at its lower end.
    pub bottom: String,
    /// How many stretches it has.
    pub steps: usize,
    /// What is drawn.
    pub series: Vec<Series>,
}

impl Panel {
    /// How wide the drawing is.
    pub fn width(&self) -> usize {
        self.steps * STEP
    }
}

/// A row of numbers as it is drawn.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// What it is.
    pub name: String,
    /// How it looks: `one`, `two`, `bad` or `wait`.
    pub tone: &'static str,
    /// The outline of its bars; empty for a line.
    pub bars: String,
    /// Its line, a path; empty for bars.
    pub line: String,
    /// Whether it is a line.
    pub lined: bool,
}

/// How a number becomes a height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// From nothing up to this.
    Linear(u64),
    /// From one up to another, each step ten times the last.
    Log(u64, u64),
}

/// How wide a stretch is in the drawing.
const STEP: usize = 10;
/// How high the drawing is.
const HEIGHT: f64 = 100.0;
/// The least that something is drawn as, so that it is seen at all.
const LEAST: f64 = 1.5;

#[expect(
    clippy::cast_precision_loss,
    reason = "a drawing has some hundred points"
)]
fn real(n: u64) -> f64 {
    n as f64
}

impl Scale {
    /// One that ends at a round number at or above all of these.
    pub fn over<'a>(values: impl IntoIterator<Item = &'a Option<u64>>) -> Scale {
        let most = values.into_iter().flatten().max().copied().unwrap_or(0);
        Scale::Linear(round_up(most))
    }

    /// How far up a number is, in hundredths.
    fn height(self, value: u64) -> f64 {
        let part = match self {
            Scale::Linear(top) => real(value) / real(top.max(1)),
            Scale::Log(bottom, top) => {
                let log = |n: u64| real(n.max(1)).ln();
                (log(value) - log(bottom)) / (log(top) - log(bottom)).max(0.1)
            }
        };
        (part * HEIGHT).clamp(0.0, HEIGHT)
    }

    /// What stands at its upper end.
    pub fn top(self) -> u64 {
        match self {
            Scale::Linear(top) | Scale::Log(_, top) => top,
        }
    }
}

/// The next of 1, 2, 5, 10, 20, 50, … that is not less.
pub fn round_up(n: u64) -> u64 {
    let mut power: u64 = 1;
    loop {
        for factor in [1, 2, 5] {
            let round = power.saturating_mul(factor);
            if round >= n {
                return round.max(1);
            }
        }
        power = power.saturating_mul(10);
    }
}

/// Bars, one a stretch; nothing where there is nothing.
pub fn bars(name: &str, tone: &'static str, values: &[Option<u64>], scale: Scale) -> Series {
    let mut path = String::new();
    for (at, value) in values.iter().enumerate() {
        let Some(value) = value.filter(|value| *value > 0) else {
            continue;
        };
        let top = HEIGHT - scale.height(value).max(LEAST);
        let _ = write!(path, "M{} 100V{top:.1}h8V100z", at * STEP + 1);
    }
    Series {
        name: name.to_owned(),
        tone,
        bars: path,
        line: String::new(),
        lined: false,
    }
}

/// A line with a step at each stretch; it has a gap where nothing is known.
pub fn line(name: &str, tone: &'static str, values: &[Option<u64>], scale: Scale) -> Series {
    let mut path = String::new();
    let mut open = false;
    for (at, value) in values.iter().enumerate() {
        let Some(value) = value else {
            open = false;
            continue;
        };
        let y = HEIGHT - scale.height(*value);
        let from = at * STEP;
        let to = from + STEP;
        if open {
            let _ = write!(path, "V{y:.1}H{to}");
        } else {
            let _ = write!(path, "M{from} {y:.1}H{to}");
        }
        open = true;
    }
    Series {
        name: name.to_owned(),
        tone,
        bars: String::new(),
        line: path,
        lined: true,
    }
}

/// A panel of series that share a scale of numbers.
pub fn panel(label: String, scale: Scale, steps: usize, series: Vec<Series>) -> Panel {
    Panel {
        label,
        top: grouped(scale.top()),
        bottom: "0".to_owned(),
        steps,
        series,
    }
}

/// The outline of a bar that lies, so many hundredths long.
pub fn lying(value: u64, scale: Scale) -> String {
    format!("M0 0H{:.1}V10H0z", scale.height(value).max(LEAST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_at_a_round_number() {
        for (most, top) in [
            (0, 1),
            (1, 1),
            (3, 5),
            (5, 5),
            (6, 10),
            (21, 50),
            (1001, 2000),
        ] {
            assert_eq!(round_up(most), top, "{most}");
        }
        assert_eq!(Scale::over(&[None, Some(7)]), Scale::Linear(10));
        assert_eq!(Scale::over(&[]), Scale::Linear(1));
        assert!(round_up(u64::MAX) >= 1);
    }

    #[test]
    fn a_small_number_is_seen_beside_a_large_one_and_a_gap_stays_a_gap() {
        let values = [Some(1), None, Some(0), Some(1000)];
        let drawn = bars("", "one", &values, Scale::over(&values));
        assert_eq!(drawn.bars, "M1 100V98.5h8V100zM31 100V0.0h8V100z");
        let drawn = line("", "one", &values, Scale::over(&values));
        assert_eq!(drawn.line, "M0 99.9H10M20 100.0H30V0.0H40");
    }

    #[test]
    fn a_logarithmic_scale_gives_every_power_the_same_room() {
        let scale = Scale::Log(10, 100_000);
        for (value, height) in [
            (1, 0.0),
            (10, 0.0),
            (100, 25.0),
            (1000, 50.0),
            (100_000, 100.0),
        ] {
            assert!((scale.height(value) - height).abs() < 0.01, "{value}");
        }
    }
}
