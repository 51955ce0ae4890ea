//! How the services of a fake AWS write: DynamoDB JSON, CloudWatch CBOR, RDS and SNS queries and XML, Route 53 paths and XML.

use std::collections::BTreeMap;

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use ciborium::Value as Cbor;
use serde_json::{Value, json};

/// The source of all replicas.
const SOURCE: &str = "shop-prod";
/// The zones of the source's subnet group, in the first of which the source stands.
const ZONES: [&str; 2] = ["eu-central-1a", "eu-central-1b"];
/// What was made of a batch of records.
pub(crate) const CHANGED: &str = "<ChangeInfo><Id>/change/C1</Id><Status>PENDING</Status>\
    <SubmittedAt>2026-11-21T08:34:00Z</SubmittedAt></ChangeInfo>";

/// Where an instance is reached.
pub(crate) fn host(id: &str) -> String {
    format!("{id}.abc.eu-central-1.rds.amazonaws.com")
}

/// Why AWS refuses something.
#[derive(Debug)]
pub(crate) struct WireRefusal {
    code: String,
    message: String,
}

impl WireRefusal {
    pub(crate) fn new(code: &str, message: &str) -> Self {
        Self { code: code.to_owned(), message: message.to_owned() }
    }
}

/// How a service writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Json,
    Cbor,
    Query,
    Rest,
}

/// What is asked of AWS.
#[derive(Debug, Clone)]
pub(crate) struct WireRequest {
    pub(crate) action: String,
    /// JSON, a query or XML, as the service writes.
    pub(crate) body: String,
    format: Format,
}

impl WireRequest {
    pub(crate) fn of(request: &HttpRequest) -> Self {
        let bytes = request.body().bytes().unwrap_or_default();
        let text = || String::from_utf8_lossy(bytes).into_owned();
        if let Some(target) = request.headers().get("x-amz-target") {
            let action = target.rsplit('.').next().unwrap_or_default().to_owned();
            return Self { action, body: text(), format: Format::Json };
        }
        if request.headers().get("smithy-protocol").is_some() {
            let action = request.uri().rsplit('/').next().unwrap_or_default().to_owned();
            let body = ciborium::from_reader::<Cbor, _>(bytes).map(from_cbor).unwrap_or_default();
            return Self { action, body: body.to_string(), format: Format::Cbor };
        }
        if request.uri().contains("/hostedzone/") {
            let reads = request.method() == "GET";
            let action = if reads { "ListResourceRecordSets" } else { "ChangeResourceRecordSets" };
            return Self { action: action.to_owned(), body: text(), format: Format::Rest };
        }
        let asked = Self { action: String::new(), body: text(), format: Format::Query };
        Self { action: asked.field("Action"), ..asked }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// A field of a query; empty where it has none.
    pub(crate) fn field(&self, name: &str) -> String {
        let pairs = self.body.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next();
        found.unwrap_or_default().replace("%3A", ":").replace("%2F", "/")
    }

    /// A tag of a new instance.
    pub(crate) fn tag(&self, key: &str) -> Option<String> {
        let number = (1..9).find(|number| self.field(&format!("Tags.Tag.{number}.Key")) == key)?;
        Some(self.field(&format!("Tags.Tag.{number}.Value")))
    }

    pub(crate) fn response(&self, answer: Result<String, WireRefusal>) -> HttpResponse {
        let status: u16 = if answer.is_ok() { 200 } else { 400 };
        let Self { action, format, .. } = self;
        let error = |WireRefusal { code, message }: WireRefusal| match format {
            Format::Json | Format::Cbor => json!({"__type": code, "message": message}).to_string(),
            Format::Query | Format::Rest => format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
            ),
        };
        let text = match (answer, format) {
            (Ok(text), Format::Query) => {
                format!("<{action}Response><{action}Result>{text}</{action}Result></{action}Response>")
            }
            (Ok(text), Format::Rest) => format!("<{action}Response>{text}</{action}Response>"),
            (Ok(text), Format::Json | Format::Cbor) => text,
            (Err(refusal), _) => error(refusal),
        };
        let body = if *format == Format::Cbor {
            let mut bytes = Vec::new();
            let value = serde_json::from_str(&text).unwrap_or_default();
            ciborium::into_writer(&to_cbor("", &value), &mut bytes).expect("CBOR is written to memory");
            SdkBody::from(bytes)
        } else {
            SdkBody::from(text)
        };
        let mut response = HttpResponse::new(status.try_into().expect("a valid status"), body);
        if *format == Format::Cbor {
            response.headers_mut().insert("smithy-protocol", "rpc-v2-cbor");
        }
        response
    }
}

/// Times are tagged seconds; everything else is what it is in JSON.
fn to_cbor(key: &str, value: &Value) -> Cbor {
    match value {
        Value::Number(number) if key == "Timestamps" => {
            Cbor::Tag(1, Box::new(Cbor::Float(number.as_f64().unwrap_or_default())))
        }
        Value::Number(number) => Cbor::Float(number.as_f64().unwrap_or_default()),
        Value::Array(items) => Cbor::Array(items.iter().map(|item| to_cbor(key, item)).collect()),
        Value::Object(fields) => {
            let entry = |(key, value): (&String, &Value)| (Cbor::Text(key.clone()), to_cbor(key, value));
            Cbor::Map(fields.iter().map(entry).collect())
        }
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Bool(flag) => Cbor::Bool(*flag),
        Value::Null => Cbor::Null,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the crate's enum may grow")]
fn from_cbor(value: Cbor) -> Value {
    match value {
        Cbor::Integer(number) => json!(i64::try_from(number).unwrap_or_default()),
        Cbor::Float(number) => json!(number),
        Cbor::Text(text) => json!(text),
        Cbor::Bool(flag) => json!(flag),
        Cbor::Tag(_, inner) => from_cbor(*inner),
        Cbor::Array(items) => items.into_iter().map(from_cbor).collect(),
        Cbor::Map(fields) => {
            let field = |(key, value): (Cbor, Cbor)| (key.into_text().unwrap_or_default(), from_cbor(value));
            Value::Object(fields.into_iter().map(field).collect())
        }
        other => unreachable!("no request holds {other:?}"),
    }
}

/// An instance of somebody else.
pub(crate) fn other(number: usize) -> String {
    format!("<DBInstance><DBInstanceIdentifier>other-{number}</DBInstanceIdentifier></DBInstance>")
}

/// The source, with the identifiers of its replicas.
pub(crate) fn source(replicas: &[&str]) -> String {
    let element =
        |id: &&str| format!("<ReadReplicaDBInstanceIdentifier>{id}</ReadReplicaDBInstanceIdentifier>");
    let replicas: String = replicas.iter().map(element).collect();
    format!(
        "{}<BackupRetentionPeriod>7</BackupRetentionPeriod><AllocatedStorage>100</AllocatedStorage>\
         <AvailabilityZone>eu-central-1a</AvailabilityZone>\
         <DBSubnetGroup><Subnets>{}</Subnets></DBSubnetGroup><ReadReplicaDBInstanceIdentifiers>{replicas}</ReadReplicaDBInstanceIdentifiers></DBInstance>",
        begins(SOURCE, "available"),
        ZONES.map(subnet).concat()
    )
}

fn subnet(zone: &str) -> String {
    format!("<Subnet><SubnetAvailabilityZone><Name>{zone}</Name></SubnetAvailabilityZone></Subnet>")
}

/// Where RDS offers the class of every instance.
pub(crate) fn offers() -> String {
    let zone = |zone: &str| format!("<AvailabilityZone><Name>{zone}</Name></AvailabilityZone>");
    format!(
        "<OrderableDBInstanceOptions><OrderableDBInstanceOption><DBInstanceClass>db.r6g.large</DBInstanceClass>\
         <ReadReplicaCapable>true</ReadReplicaCapable><AvailabilityZones>{}</AvailabilityZones>\
         </OrderableDBInstanceOption></OrderableDBInstanceOptions>",
        ZONES.map(zone).concat()
    )
}

/// A replica, with the tags of the fleet that created it.
pub(crate) fn replica(id: &str, status: &str, fleet: Option<&str>) -> String {
    let tag = |key: &str, value: &str| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>");
    let tags = fleet.map(|fleet| tag("tidegate:fleet", fleet) + &tag("tidegate:database", "main"));
    format!(
        "{}<ReadReplicaSourceDBInstanceIdentifier>{SOURCE}</ReadReplicaSourceDBInstanceIdentifier>\
         <InstanceCreateTime>2026-11-18T07:00:00Z</InstanceCreateTime><TagList>{}</TagList></DBInstance>",
        begins(id, status),
        tags.unwrap_or_default()
    )
}

/// An instance that was promoted: it has no source any more, and the tags that it had.
pub(crate) fn promoted(id: &str) -> String {
    replica(id, "available", Some("shop")).replace(
        &format!("<ReadReplicaSourceDBInstanceIdentifier>{SOURCE}</ReadReplicaSourceDBInstanceIdentifier>"),
        "",
    )
}

fn begins(id: &str, status: &str) -> String {
    format!(
        "<DBInstance><DBInstanceIdentifier>{id}</DBInstanceIdentifier><DBInstanceStatus>{status}</DBInstanceStatus>\
         <Engine>mysql</Engine><EngineVersion>8.0.39</EngineVersion><DBInstanceClass>db.r6g.large</DBInstanceClass>\
         <Endpoint><Address>{}</Address><Port>3306</Port></Endpoint>",
        host(id)
    )
}

/// The weighted records of the one name, and the health checks of some.
pub(crate) fn records(records: &BTreeMap<String, String>, checks: &BTreeMap<String, String>) -> String {
    let record = |(set, host): (&String, &String)| {
        let check =
            checks.get(set).map(|id| format!("<HealthCheckId>{id}</HealthCheckId>")).unwrap_or_default();
        format!(
            "<ResourceRecordSet><Name>read.db.internal.</Name><Type>CNAME</Type><SetIdentifier>{set}</SetIdentifier>\
             <Weight>10</Weight><TTL>5</TTL><ResourceRecords><ResourceRecord><Value>{host}</Value></ResourceRecord>\
             </ResourceRecords>{check}</ResourceRecordSet>"
        )
    };
    let records: String = records.iter().map(record).collect();
    format!(
        "<ResourceRecordSets>{records}</ResourceRecordSets><IsTruncated>false</IsTruncated><MaxItems>300</MaxItems>"
    )
}

/// Makes a batch of changes, in its order; all of it, or nothing. A record is deleted that is named exactly as it stands.
pub(crate) fn change(
    records: &mut BTreeMap<String, String>,
    checks: &mut BTreeMap<String, String>,
    batch: &str,
) -> Result<(), WireRefusal> {
    let (mut next, mut checked) = (records.clone(), checks.clone());
    for change in batch.split("<Change>").skip(1) {
        let text = |name: &str| {
            let rest = change.split_once(&format!("<{name}>")).map(|(_, rest)| rest)?;
            Some(rest.split('<').next().unwrap_or_default().to_owned())
        };
        let (set, value, check) =
            (text("SetIdentifier").unwrap_or_default(), text("Value"), text("HealthCheckId"));
        let (stood, was_checked) = (next.remove(&set), checked.remove(&set));
        if text("Action").as_deref() != Some("DELETE") {
            checked.extend(check.map(|check| (set.clone(), check)));
            next.extend(value.map(|value| (set, value)));
        } else if (stood, was_checked) != (value, check) {
            return Err(WireRefusal::new(
                "InvalidChangeBatch",
                "the values provided do not match the current values",
            ));
        }
    }
    (*records, *checks) = (next, checked);
    Ok(())
}
