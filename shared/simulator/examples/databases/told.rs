//! What a story tells: lines with their time, and curves over it.

use jiff::Timestamp;
use serde_json::{Value, json};
use tidegate_policy::database::notice::{DatabaseNotice, NoticePhase};

/// A story as it is told.
#[derive(Debug)]
pub(crate) struct StoryTold {
    began: Timestamp,
    lines: Vec<Value>,
    times: Vec<i64>,
    pub(crate) curves: Vec<StoryCurve>,
}

/// A curve over the times of a story.
#[derive(Debug)]
pub(crate) struct StoryCurve {
    pub(crate) chart: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) name: &'static str,
    pub(crate) values: Vec<Option<f64>>,
}

impl StoryTold {
    pub(crate) fn new(began: Timestamp, curves: &[(&'static str, &'static str, &'static str)]) -> Self {
        let curve = |&(chart, unit, name): &_| StoryCurve { chart, unit, name, values: Vec::new() };
        Self { began, lines: Vec::new(), times: Vec::new(), curves: curves.iter().map(curve).collect() }
    }

    /// One moment of every curve.
    pub(crate) fn moment(&mut self, now: Timestamp, values: &[Option<f64>]) {
        self.times.push(now.duration_since(self.began).as_secs());
        for (curve, value) in self.curves.iter_mut().zip(values) {
            curve.values.push(*value);
        }
    }

    /// Something happens in the world.
    pub(crate) fn happens(&mut self, now: Timestamp, text: impl Into<String>) {
        self.line(now, "scene", &text.into());
    }

    /// Tidegate asks AWS for something.
    pub(crate) fn asks(&mut self, now: Timestamp, text: &str) {
        self.line(now, "call", text);
    }

    /// Operators are told.
    pub(crate) fn tells(&mut self, now: Timestamp, notices: &[DatabaseNotice]) {
        for notice in notices {
            let verdict = &notice.verdict;
            let text = match &notice.cause {
                Some(was) if notice.phase == NoticePhase::Ends => format!("resolved: {verdict} ({was})"),
                Some(cause) => format!("{verdict}: {cause}"),
                None => verdict.clone(),
            };
            self.line(now, "report", &text);
        }
    }

    fn line(&mut self, now: Timestamp, kind: &str, text: &str) {
        let t = now.duration_since(self.began).as_secs();
        self.lines.push(json!({"t": t, "at": now.to_string(), "kind": kind, "text": text}));
    }

    /// The whole of it.
    pub(crate) fn end(self, title: &str, facts: &Value) -> Value {
        let curves = self.curves.iter().map(|StoryCurve { chart, unit, name, values }| {
            json!({"chart": chart, "unit": unit, "name": name, "values": values})
        });
        let curves: Vec<Value> = curves.collect();
        json!({"title": title, "began": self.began.to_string(), "lines": self.lines, "times": self.times,
               "curves": curves, "facts": facts})
    }
}
