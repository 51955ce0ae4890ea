//! What a page shows, as JSON. Every part may be missing or empty, and then has no place on the page.
//!
//! The demo writes the same shape from Python, with sections of its own: `claims[]` (`claim`, `holds`, `seen`), `commands[]`
//! (`t`, `command`, `output`), `reports[]` (`t`, `subject`, `text`), `requests` (IAM action to count), `fleet` (the file's text),
//! and `moments[]` (`label`, `t`, `end`): stretches of time that every chart marks.

use serde::{Serialize, Serializer};
use serde_json::Value;

/// Everything on a page.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Record {
    /// Who wrote the page, in a word or two.
    pub(crate) brand: String,
    /// The heading.
    pub(crate) title: String,
    /// Paragraphs below it.
    pub(crate) about: Vec<String>,
    /// What was assumed and repaired, as a list of names and texts.
    pub(crate) facts: Vec<Fact>,
    /// What the times of all series and decisions count.
    pub(crate) time: Time,
    /// The time of each point of every series, in seconds after `time.first_seconds`.
    pub(crate) times: Vec<u64>,
    /// Below each other on one time axis; decisions are marked in the first.
    pub(crate) charts: Vec<Chart>,
    /// In order of time.
    pub(crate) decisions: Vec<DecisionRow>,
    /// The time that one decision stands for, in seconds, where there were too many to keep each.
    pub(crate) decisions_cell_seconds: Option<f64>,
    /// What the page is about to recommend; it stands first.
    pub(crate) choice: Option<Choice>,
    /// One object a policy: `name`, `title` (the name for operators), `about`, and the scores under the keys of
    /// `simulate --json`; the first is the one that the charts show.
    pub(crate) scores: Vec<Value>,
    /// Settings of one policy on a line, from cheap to punctual; `scores` are drawn beside it without being named here.
    pub(crate) frontier: Vec<FrontierPoint>,
}

/// What times count.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Time {
    /// The first moment: seconds since 1970 in UTC, or since whatever the trace counts from.
    pub(crate) first_seconds: f64,
    /// `first_seconds` is a date.
    pub(crate) is_date: bool,
    /// What one point stands for; `None` if each is a value as it was.
    pub(crate) point_seconds: Option<u64>,
    /// The last moment, in seconds after the first.
    pub(crate) seconds: f64,
}

/// A line of the list of circumstances.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fact {
    /// A word.
    pub(crate) name: &'static str,
    /// A sentence or less; a line break is a space on the page.
    pub(crate) text: String,
}

/// Series with one vertical axis.
#[derive(Debug, Serialize)]
pub(crate) struct Chart {
    /// Its heading.
    pub(crate) title: String,
    /// What its numbers count, in a word.
    pub(crate) unit: &'static str,
    /// The lines, the last in front.
    pub(crate) series: Vec<ChartSeries>,
}

/// One line of a chart.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct ChartSeries {
    /// Its name in the legend.
    pub(crate) name: String,
    /// What it is, in more words.
    pub(crate) about: String,
    /// The color, by its name in the style sheet.
    pub(crate) color: String,
    /// How it is drawn.
    pub(crate) style: LineStyle,
    /// Not drawn until it is asked for in the legend.
    pub(crate) hidden: bool,
    /// One value a point; of a point that stands for several the lowest.
    pub(crate) low: Vec<Option<Number>>,
    /// The highest; `None` if no point stands for several.
    pub(crate) high: Option<Vec<Option<Number>>>,
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LineStyle {
    /// A line with stairs: a number of tasks.
    #[default]
    Steps,
    /// The same, wide and light.
    Wide,
    /// The same, dashed: a limit.
    Dashed,
    /// A line with its area down to zero.
    Area,
}

/// A decision and its reasons.
#[derive(Debug, Serialize)]
pub(crate) struct DecisionRow {
    /// Seconds after the first moment.
    pub(crate) t: f64,
    /// The last evaluation that it stands for.
    pub(crate) until: f64,
    /// How many evaluations it stands for.
    pub(crate) evaluations: u64,
    /// How many of these changed the number of tasks.
    pub(crate) changes: u64,
    /// `scale-out`, `scale-in` or `hold`.
    pub(crate) verdict: &'static str,
    /// Tasks before; `None` if they could not be read.
    pub(crate) from: Option<u32>,
    /// Tasks after.
    pub(crate) to: Option<u32>,
    /// Why, as the policy words it and in its order.
    pub(crate) reasons: Vec<String>,
    /// Jobs that waited; `None` if that could not be read.
    pub(crate) waiting: Option<u64>,
    /// Jobs in flight; `None` if that could not be read.
    pub(crate) in_flight: Option<u64>,
}

/// A setting that is recommended, beside today's.
#[derive(Debug, Serialize)]
pub(crate) struct Choice {
    /// What it is, and what it saves or costs.
    pub(crate) text: String,
    /// What an operator decides by.
    pub(crate) figures: Vec<Figure>,
    /// The keys of the service that the lines take the place of.
    pub(crate) replaces: &'static str,
    /// The lines for the fleet file; none where nothing is to be changed.
    pub(crate) lines: Vec<String>,
}

/// A number of the choice, and the same today.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    /// What it counts.
    pub(crate) name: &'static str,
    /// What stands behind it, with its space.
    pub(crate) unit: &'static str,
    /// How many decimals are shown.
    pub(crate) decimals: u8,
    /// Of the choice.
    pub(crate) chosen: f64,
    /// Of the fleet file as it is.
    pub(crate) today: f64,
}

/// One setting of a policy.
#[derive(Debug, Serialize)]
pub(crate) struct FrontierPoint {
    /// What was set.
    pub(crate) name: String,
    /// The same for operators, with what it is beside the others.
    pub(crate) title: String,
    /// Its task-hours, divided by the oracle's.
    pub(crate) cost_vs_oracle: f64,
    /// Jobs that waited too long, in percent.
    pub(crate) late_percent: f64,
    /// The one that is recommended, or in force.
    pub(crate) chosen: bool,
}

/// A number as short as a chart needs it: whole, or with three decimals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Number(pub(crate) f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let short = (self.0 * 1e3).round() / 1e3;
        if short.fract() == 0.0 && short.abs() < 9e15 {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and below 2^53")]
            return serializer.serialize_i64(short as i64);
        }
        serializer.serialize_f64(short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let written = |number| serde_json::to_string(&Number(number)).expect("a number");
        assert_eq!(
            ["5", "0.333", "0", "-2.5"],
            [5.0, 1.0 / 3.0, -0.0001, -2.5].map(written).each_ref().map(String::as_str)
        );
    }
}
