//! A Redis URL is found under the name that the fleet file gives it.

use serde_json::json;
use tidegate_aws::secrets::Secrets;
use tidegate_fleet::Reference;

use crate::fake::Aws;
use crate::metrics::now;

const URL: &str = "redis://cache.internal:6379/0";

/// Systems Manager with one parameter; the answer is written as its API reference has it.
async fn resolved(asked: &str, answer: serde_json::Value) -> Option<String> {
    let aws = Aws::new(move |_, _| Ok(json!({"Parameters": [answer], "InvalidParameters": []})));
    let url = Reference::Ssm(asked.to_owned());
    let mut found = Secrets::default().resolve(&aws.clients(), &[&url], now()).await;
    found.remove(&url).expect("an answer to what was asked").ok()
}

#[tokio::test(start_paused = true)]
async fn a_parameter_is_found_by_name_version_label_and_arn() {
    let arn = "arn:aws:ssm:eu-central-1:111122223333:parameter/shop/redis-url";
    let plain = json!({"Name": "/shop/redis-url", "ARN": arn, "Value": URL, "Version": 4});
    let selected = |selector: &str| {
        let mut answer = plain.clone();
        answer["Selector"] = json!(selector);
        answer
    };
    for (asked, answer) in [
        ("/shop/redis-url".to_owned(), plain.clone()),
        ("/shop/redis-url:3".to_owned(), selected(":3")),
        ("/shop/redis-url:live".to_owned(), selected(":live")),
        (arn.to_owned(), plain.clone()),
        (format!("{arn}:3"), selected(":3")),
    ] {
        assert_eq!(resolved(&asked, answer).await.as_deref(), Some(URL), "{asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn another_parameter_or_another_version_is_not_taken_for_it() {
    let answer = |name: &str, selector: &str| json!({"Name": name, "Selector": selector, "Value": URL});
    assert_eq!(resolved("/shop/redis-url:3", answer("/shop/redis-url", ":4")).await, None);
    assert_eq!(resolved("/shop/redis-url", answer("/shop/redis", "")).await, None);
}
