//! What an account has beside its services: task definitions, quotas, usage and scheduled actions.

use std::collections::{BTreeMap, BTreeSet};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::body::SdkBody;
use ciborium::Value as Cbor;
use jiff::Timestamp;
use serde_json::{Value, json};

/// What is the same for all services of a fake fleet.
#[derive(Debug, Clone, Default)]
pub struct FakeAccount {
    /// `cpu` of every task definition; without one no service shows a task definition.
    pub cpu: Option<&'static str>,
    /// The capacity providers of every service; none is the launch type `FARGATE`.
    pub providers: Vec<&'static str>,
    /// The quota of virtual CPUs.
    pub quota: f64,
    /// Virtual CPUs in use; `None` is a metric without datapoints.
    pub used: Option<f64>,
    /// Scheduled actions of Application Auto Scaling: service, name, schedule, minimum and maximum.
    pub scheduled: Vec<(&'static str, &'static str, &'static str, i64, i64)>,
    /// Calls that are refused, and the code that AWS gives.
    pub refused: BTreeMap<&'static str, &'static str>,
    /// Calls that are never answered.
    pub silent: BTreeSet<&'static str>,
    /// How often each call was made.
    pub calls: BTreeMap<String, usize>,
}

impl FakeAccount {
    /// What a service shows of its tasks.
    pub(super) fn of_service(&self, name: &str, service: &mut Value) {
        if self.cpu.is_none() {
            return;
        }
        service["taskDefinition"] = json!(format!("arn:aws:ecs:::task-definition/{name}:1"));
        if self.providers.is_empty() {
            service["launchType"] = json!("FARGATE");
        }
        let provider = |name: &&str| json!({"capacityProvider": name, "weight": 1, "base": 0});
        service["capacityProviderStrategy"] = self.providers.iter().map(provider).collect();
    }

    /// What is answered to a call that has nothing to do with the services.
    pub(super) fn answer(&mut self, action: &str, body: &Value) -> Option<(u16, Value)> {
        *self.calls.entry(action.to_owned()).or_default() += 1;
        if let Some(code) = self.refused.get(action) {
            return Some((400, json!({"__type": code, "message": "refused by the test"})));
        }
        Some((
            200,
            match action {
                "GetServiceQuota" => json!({"Quota": {"QuotaCode": body["QuotaCode"], "Value": self.quota}}),
                "DescribeTaskDefinition" => json!({"taskDefinition": {"cpu": self.cpu}}),
                "DescribeScheduledActions" => {
                    json!({"ScheduledActions": self.scheduled.iter().map(scheduled).collect::<Vec<_>>()})
                }
                _ => return None,
            },
        ))
    }

    /// CloudWatch speaks CBOR. The newest datapoint has settled.
    pub(super) fn metric(&mut self, now: Timestamp) -> HttpResponse {
        *self.calls.entry("GetMetricData".to_owned()).or_default() += 1;
        let text = |text: &str| Cbor::Text(text.to_owned());
        let map = |entries: Vec<(&str, Cbor)>| {
            Cbor::Map(entries.into_iter().map(|(key, value)| (text(key), value)).collect())
        };
        if let Some(code) = self.refused.get("GetMetricData") {
            return cbor(400, &map(vec![("__type", text(code)), ("message", text("refused by the test"))]));
        }
        let seconds = i32::try_from(now.as_second() - 300).unwrap_or(i32::MAX);
        let at = Cbor::Tag(1, Box::new(Cbor::Float(f64::from(seconds))));
        let (at, used) = self.used.map(|used| (at, Cbor::Float(used))).into_iter().unzip();
        let result = map(vec![
            ("Id", text("m0")),
            ("StatusCode", text("Complete")),
            ("Timestamps", Cbor::Array(at)),
            ("Values", Cbor::Array(used)),
        ]);
        cbor(200, &map(vec![("MetricDataResults", Cbor::Array(vec![result]))]))
    }
}

fn scheduled((service, name, schedule, min, max): &(&str, &str, &str, i64, i64)) -> Value {
    json!({"ScheduledActionName": name, "ScheduledActionARN": "arn:aws:autoscaling:::x", "ServiceNamespace": "ecs",
        "Schedule": schedule, "ResourceId": format!("service/prod/{service}"),
        "ScalableDimension": "ecs:service:DesiredCount", "CreationTime": 1_790_000_000,
        "ScalableTargetAction": {"MinCapacity": min, "MaxCapacity": max}})
}

fn cbor(status: u16, body: &Cbor) -> HttpResponse {
    let mut bytes = Vec::new();
    ciborium::into_writer(body, &mut bytes).unwrap_or_else(|_| unreachable!("it can be written"));
    let status = status.try_into().unwrap_or_else(|_| unreachable!("a valid status"));
    let mut response = HttpResponse::new(status, SdkBody::from(bytes));
    response.headers_mut().insert("smithy-protocol", "rpc-v2-cbor");
    response
}
