//! What AWS answers.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::{Value, json};

use super::{FakeFleet, FakeService, Table, refused, response};

impl FakeFleet {
    /// Applies one request and answers it.
    pub(super) fn answer(&mut self, action: &str, body: &str) -> HttpResponse {
        if action == "Publish" {
            return self.publish(body);
        }
        let body: Value = serde_json::from_str(body).unwrap_or(Value::Null);
        let (status, answer) = match action {
            "DescribeServices" if !self.describe_services.takes() => self.throttle(),
            "UpdateService" if !self.update_service.takes() => self.throttle(),
            "DescribeServices" => self.describe(&body),
            "UpdateService" => self.update(&body),
            "DescribeScalableTargets" => self.describe_scalable(&body),
            "RegisterScalableTarget" => self.register(&body),
            "BatchGetItem" if self.table == Table::Gone => exceeded(),
            "PutItem" | "BatchWriteItem" if self.table != Table::Works => exceeded(),
            "BatchGetItem" => self.get(&body),
            "PutItem" => self.put(&body),
            "BatchWriteItem" => (200, json!({"UnprocessedItems": {}})),
            other => refused("UnknownOperationException", other),
        };
        response(status, answer.to_string())
    }

    fn throttle(&mut self) -> (u16, Value) {
        self.throttled += 1;
        refused("ThrottlingException", "Rate exceeded")
    }

    fn describe(&self, body: &Value) -> (u16, Value) {
        let names: Vec<&str> =
            body["services"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let deployments = json!([{"status": "PRIMARY", "rolloutState": "COMPLETED"}]);
        let shown = names.iter().filter_map(|name| {
            let FakeService { desired, .. } = self.services.get(*name)?;
            Some(json!({"serviceName": name, "status": "ACTIVE", "schedulingStrategy": "REPLICA",
                "desiredCount": desired, "runningCount": desired, "pendingCount": 0, "deployments": deployments}))
        });
        let gone = names.iter().filter(|name| !self.services.contains_key(**name));
        let failures = gone
            .map(|name| json!({"arn": format!("arn:aws:ecs:::service/prod/{name}"), "reason": "MISSING"}));
        (200, json!({"services": shown.collect::<Vec<_>>(), "failures": failures.collect::<Vec<_>>()}))
    }

    fn update(&mut self, body: &Value) -> (u16, Value) {
        let name = body["service"].as_str().unwrap_or_default();
        let Some(service) = self.services.get_mut(name) else {
            return refused("ServiceNotFoundException", "Service not found.");
        };
        service.desired = body["desiredCount"].as_i64().unwrap_or(-1);
        self.updates.push((name.to_owned(), self.began.elapsed()));
        (200, json!({"service": {"serviceName": name, "desiredCount": service.desired}}))
    }

    fn describe_scalable(&self, body: &Value) -> (u16, Value) {
        let wanted = body["ResourceIds"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let shown = wanted.filter_map(|resource| {
            let (min, max, [scale_in, scale_out, scheduled]) =
                self.services.get(name_of(resource))?.scalable?;
            Some(json!({"ServiceNamespace": "ecs", "ResourceId": resource,
                "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": min, "MaxCapacity": max,
                "RoleARN": "arn:aws:iam::111122223333:role/x", "CreationTime": 1_790_000_000,
                "SuspendedState": {"DynamicScalingInSuspended": scale_in,
                    "DynamicScalingOutSuspended": scale_out, "ScheduledScalingSuspended": scheduled}}))
        });
        (200, json!({"ScalableTargets": shown.collect::<Vec<_>>()}))
    }

    /// Whatever is registered, the service is moved into the bounds.
    fn register(&mut self, body: &Value) -> (u16, Value) {
        let name = name_of(body["ResourceId"].as_str().unwrap_or_default());
        let Some(service) = self.services.get_mut(name) else {
            return refused("ValidationException", "ECS service doesn't exist");
        };
        let (min, max) =
            (body["MinCapacity"].as_i64().unwrap_or(-1), body["MaxCapacity"].as_i64().unwrap_or(-1));
        let flag = |key: &str| body["SuspendedState"][key].as_bool().unwrap_or(false);
        let flags = ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"];
        service.scalable = Some((min, max, flags.map(flag)));
        service.desired = service.desired.max(min).min(max);
        (200, json!({"ScalableTargetARN": "arn:aws:application-autoscaling:::scalable-target/x"}))
    }

    fn get(&self, body: &Value) -> (u16, Value) {
        let keys = body["RequestItems"]["ledger"]["Keys"].as_array();
        let wanted = keys.into_iter().flatten().filter_map(|key| key["sk"]["S"].as_str());
        let items: Vec<&Value> = wanted.filter_map(|sort| self.items.get(sort)).collect();
        (200, json!({"Responses": {"ledger": items}, "UnprocessedKeys": {}}))
    }

    fn put(&mut self, body: &Value) -> (u16, Value) {
        let item = &body["Item"];
        let sort = item["sk"]["S"].as_str().unwrap_or_default().to_owned();
        let expected = body["ExpressionAttributeValues"][":expected"]["N"].as_str();
        let found = self.items.get(&sort);
        if found.is_some_and(|found| found["version"]["N"].as_str() != expected) {
            let exception = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
            return (
                400,
                json!({"__type": exception, "message": "The conditional request failed", "Item": found}),
            );
        }
        self.items.insert(sort, item.clone());
        (200, json!({}))
    }

    fn publish(&mut self, body: &str) -> HttpResponse {
        if self.sns_is_down {
            let xml = "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>not authorized\
                       </Message></Error><RequestId>1</RequestId></ErrorResponse>";
            return response(403, xml.to_owned());
        }
        self.published.push(body.to_owned());
        let xml = "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult>\
                   <MessageId>1</MessageId></PublishResult></PublishResponse>";
        response(200, xml.to_owned())
    }
}

fn exceeded() -> (u16, Value) {
    let exception = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
    refused(exception, "The level of configured provisioned throughput for the table was exceeded")
}

/// `service/prod/api`: `api`.
fn name_of(resource: &str) -> &str {
    resource.rsplit('/').next().unwrap_or_default()
}
