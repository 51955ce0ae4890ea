//! One metric that CloudWatch refuses, or answers with something else than one series, speaks for itself only.

use jiff::SignedDuration;
use serde_json::json;
use tidegate_aws::load_balancers::LoadBalancers;
use tidegate_aws::metrics::{self, Wanted};
use tidegate_fleet::{MathSource, Source};
use tidegate_policy::{AbsenceKind, OnAbsence};

use crate::fake::{Aws, HttpAnswer};
use crate::metrics::{failure, metric, now, points, results, wanted};

fn math(expression: &str) -> Source {
    let inputs = ["errors", "requests"].map(|id| (id.to_owned(), metric(id)));
    Source::Math(MathSource {
        expression: expression.to_owned(),
        inputs: inputs.into(),
        period: SignedDuration::from_mins(1),
        on_absence: OnAbsence::Missing,
    })
}

#[tokio::test(start_paused = true)]
async fn a_bad_expression_blinds_no_other_metric() {
    let aws = Aws::new(|_, body| -> HttpAnswer {
        let is_bad = |query: &serde_json::Value| {
            query["Expression"].as_str().is_some_and(|expression| expression.contains("SUMM"))
        };
        if body["MetricDataQueries"].as_array().expect("queries").iter().any(is_bad) {
            Err(("ValidationError", "Error in expression: unknown function SUMM"))
        } else {
            Ok(results(body, |_| vec![(0, 1.0)]))
        }
    });
    let bad = math("SUMM(errors)/requests");
    let good: Vec<Source> = (0..7).map(|number| Source::Metric(metric(&format!("Depth{number}")))).collect();
    let all: Vec<Wanted<'_>> = good.iter().map(wanted).chain([wanted(&bad)]).collect();
    let readings = metrics::read(&aws.clients(), &LoadBalancers::default(), &all, now()).await;
    let (last, others) = readings.split_last().expect("eight readings");
    assert!(others.iter().all(|reading| points(reading) == [(0, 1.0)]), "{others:?}");
    assert_eq!(failure(last).0, AbsenceKind::Refused);
}

#[tokio::test(start_paused = true)]
async fn an_expression_with_several_series_is_no_reading() {
    let aws = Aws::new(|_, body| -> HttpAnswer {
        let mut series = Vec::new();
        for value in [100.0, 1.0] {
            let answer = results(body, |_| vec![(1, value), (0, value)]);
            series.extend(answer["MetricDataResults"].as_array().cloned().expect("results"));
        }
        Ok(json!({"MetricDataResults": series}))
    });
    let both = math("[errors, requests]");
    let readings = metrics::read(&aws.clients(), &LoadBalancers::default(), &[wanted(&both)], now()).await;
    let (kind, detail) = failure(&readings[0]);
    assert_eq!(kind, AbsenceKind::Unreadable);
    assert!(detail.contains("several series"), "{detail}");
}
