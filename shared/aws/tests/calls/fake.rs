//! AWS at the HTTP layer, answered by a closure: the real SDK, its retries and its three wire formats, in virtual time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use ciborium::Value as Cbor;
use serde_json::{Map, Value, json};
use tidegate_aws::Clients;
use tokio::time::Instant;

/// How long every call takes, in virtual time.
const LATENCY: Duration = Duration::from_millis(40);

/// When an evaluation stops reading: later than everything here is slow.
pub(crate) fn deadline() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

/// What AWS answers: the result of the action, or a code and a message.
pub(crate) type HttpAnswer = Result<Value, (&'static str, &'static str)>;
type Answers = dyn Fn(&str, &Value) -> HttpAnswer + Send + Sync;

/// One call that was made.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) action: String,
    pub(crate) body: Value,
    pub(crate) at: Instant,
}

/// The fake, and what it saw.
#[derive(Clone)]
pub(crate) struct Aws {
    answers: Arc<Answers>,
    slow: Option<(&'static str, Duration)>,
    calls: Arc<Mutex<Vec<Call>>>,
    running: Arc<AtomicUsize>,
    at_once: Arc<AtomicUsize>,
}

impl std::fmt::Debug for Aws {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a fake AWS")
    }
}

impl Aws {
    pub(crate) fn new(answers: impl Fn(&str, &Value) -> HttpAnswer + Send + Sync + 'static) -> Self {
        let (calls, running, at_once) = Default::default();
        Self { answers: Arc::new(answers), slow: None, calls, running, at_once }
    }

    /// With one action that takes longer than any evaluation.
    pub(crate) fn slow(self, action: &'static str) -> Self {
        self.takes(action, Duration::from_mins(2))
    }

    /// With one action that takes so long.
    pub(crate) fn takes(self, action: &'static str, time: Duration) -> Self {
        Self { slow: Some((action, time)), ..self }
    }

    /// Clients that talk to it.
    pub(crate) fn clients(&self) -> Clients {
        let connector = SharedHttpConnector::new(self.clone());
        let credentials = aws_sdk_ecs::config::Credentials::new("id", "key", None, None, "test");
        let config = aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-central-1"))
            .credentials_provider(aws_sdk_ecs::config::SharedCredentialsProvider::new(credentials))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .timeout_config(Clients::timeouts())
            .retry_config(Clients::retries())
            .build();
        Clients::new(&config)
    }

    /// The calls of one action, in the order in which they came.
    pub(crate) fn calls(&self, action: &str) -> Vec<Call> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().filter(|call| call.action == action).cloned().collect()
    }

    /// The number of all calls.
    pub(crate) fn count(&self) -> usize {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The most calls that were ever running at the same time.
    pub(crate) fn at_once(&self) -> usize {
        self.at_once.load(Ordering::Relaxed)
    }

    async fn answer(self, wire: Wire, action: String, body: Value) -> HttpResponse {
        let running = self.running.fetch_add(1, Ordering::Relaxed) + 1;
        self.at_once.fetch_max(running, Ordering::Relaxed);
        let call = Call { action: action.clone(), body: body.clone(), at: Instant::now() };
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        let slow = self.slow.filter(|(slow, _)| *slow == action);
        tokio::time::sleep(slow.map_or(LATENCY, |(_, time)| time)).await;
        self.running.fetch_sub(1, Ordering::Relaxed);
        wire.response(&action, (self.answers)(&action, &body))
    }
}

impl HttpConnector for Aws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let bytes = request.body().bytes().unwrap_or_default();
        let (wire, action, body) = if let Some(target) = request.headers().get("x-amz-target") {
            let body = serde_json::from_slice(bytes).expect("the request is JSON");
            (Wire::Json, target.rsplit('.').next().expect("an action").to_owned(), body)
        } else if request.headers().get("smithy-protocol").is_some() {
            let body = ciborium::from_reader::<Cbor, _>(bytes).expect("the request is CBOR");
            let path = request.uri().rsplit('/').next().expect("an action").to_owned();
            (Wire::Cbor, path, from_cbor(body))
        } else if request.uri().contains("/hostedzone/") {
            let (action, body) = from_rest(request.method(), request.uri(), bytes);
            (Wire::Rest, action, body)
        } else {
            let (action, body) = from_query(&String::from_utf8_lossy(bytes));
            (Wire::Query, action, body)
        };
        let answer = self.clone().answer(wire, action, body);
        HttpConnectorFuture::new(async move { Ok(answer.await) })
    }
}

/// The wire formats of the services: ECS and Application Auto Scaling speak JSON, CloudWatch CBOR, the others XML: Route 53 by
/// paths, and the rest by queries.
#[derive(Debug, Clone, Copy)]
enum Wire {
    Json,
    Cbor,
    Query,
    Rest,
}

impl Wire {
    fn response(self, action: &str, answer: HttpAnswer) -> HttpResponse {
        let status = if answer.is_ok() { 200_u16 } else { 400 };
        let body = match (self, answer) {
            (Self::Json, answer) => SdkBody::from(json_or_error(answer).to_string()),
            (Self::Cbor, answer) => {
                let mut bytes = Vec::new();
                ciborium::into_writer(&to_cbor("", &json_or_error(answer)), &mut bytes).expect("CBOR");
                SdkBody::from(bytes)
            }
            (Self::Query, Ok(value)) => {
                let result = to_xml(&value);
                SdkBody::from(format!(
                    "<{action}Response><{action}Result>{result}</{action}Result></{action}Response>"
                ))
            }
            (Self::Rest, Ok(value)) => SdkBody::from(to_xml(&value)),
            (Self::Query | Self::Rest, Err((code, message))) => SdkBody::from(format!(
                "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
            )),
        };
        let mut response = HttpResponse::new(status.try_into().expect("a status"), body);
        if matches!(self, Self::Cbor) {
            response.headers_mut().insert("smithy-protocol", "rpc-v2-cbor");
        }
        response
    }
}

/// What Route 53 is asked: the zone in the path, the rest in the query, a batch as it stands.
fn from_rest(method: &str, uri: &str, bytes: &[u8]) -> (String, Value) {
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let zone = path.split('/').skip_while(|part| *part != "hostedzone").nth(1).expect("a zone");
    let mut fields = Map::from_iter([("zone".to_owned(), json!(zone))]);
    for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        fields.insert(key.to_owned(), json!(unescaped(value)));
    }
    fields.insert("batch".to_owned(), json!(String::from_utf8_lossy(bytes)));
    let action = if method == "GET" { "ListResourceRecordSets" } else { "ChangeResourceRecordSets" };
    (action.to_owned(), Value::Object(fields))
}

fn json_or_error(answer: HttpAnswer) -> Value {
    answer.unwrap_or_else(|(code, message)| json!({"__type": code, "message": message}))
}

/// Lists are numbered members in a query: `Names.member.1=a`.
fn from_query(text: &str) -> (String, Value) {
    let mut fields = Map::new();
    for pair in text.split('&') {
        let (key, value) = pair.split_once('=').expect("key=value");
        let value = json!(unescaped(value));
        match key.split_once(".member.") {
            Some((list, _)) => {
                let entry = fields.entry(list).or_insert_with(|| json!([]));
                entry.as_array_mut().expect("a list").push(value);
            }
            None => drop(fields.insert(key.to_owned(), value)),
        }
    }
    (fields["Action"].as_str().expect("an action").to_owned(), Value::Object(fields))
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let hex = [rest.clone().next(), rest.clone().nth(1)];
        match (byte, hex) {
            (b'%', [Some(high), Some(low)]) => {
                let digits = [high, low];
                let digits = std::str::from_utf8(&digits).expect("hexadecimal digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("a byte"));
                rest.nth(1);
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).expect("UTF-8")
}

fn to_xml(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            fields.iter().fold(String::new(), |xml, (key, value)| xml + &element(key, value))
        }
        Value::Array(items) => items.iter().fold(String::new(), |xml, item| xml + &element("member", item)),
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
    }
}

fn element(name: &str, value: &Value) -> String {
    format!("<{name}>{}</{name}>", to_xml(value))
}

/// Times are tagged seconds; everything else is what it is in JSON.
fn to_cbor(key: &str, value: &Value) -> Cbor {
    match value {
        Value::Number(number) if key.ends_with("Timestamp") || key == "Timestamps" => {
            Cbor::Tag(1, Box::new(Cbor::Float(number.as_f64().expect("seconds"))))
        }
        Value::Number(number) if number.is_f64() => Cbor::Float(number.as_f64().expect("a number")),
        Value::Number(number) => Cbor::Integer(number.as_i64().expect("a whole number").into()),
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
        Cbor::Integer(number) => json!(i64::try_from(number).expect("a small number")),
        Cbor::Float(number) => json!(number),
        Cbor::Text(text) => json!(text),
        Cbor::Bool(flag) => json!(flag),
        Cbor::Tag(_, inner) => from_cbor(*inner),
        Cbor::Array(items) => items.into_iter().map(from_cbor).collect(),
        Cbor::Map(fields) => {
            let key = |key: Cbor| key.into_text().expect("a text");
            Value::Object(fields.into_iter().map(|(name, value)| (key(name), from_cbor(value))).collect())
        }
        other => unreachable!("no request holds {other:?}"),
    }
}
