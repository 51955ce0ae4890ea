//! Queues of jobs: what waits, runs and is delayed, from the queue's own attributes.
//!
//! The metrics in CloudWatch are minutes late; `GetQueueAttributes` answers now.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::operation::get_queue_attributes::GetQueueAttributesOutput;
use aws_sdk_sqs::types::QueueAttributeName;
use futures_util::{StreamExt, stream};
use tidegate_fleet::SqsQueue;
use tidegate_policy::{Absence, AbsenceKind, InFlight, Queue, QueueLimits};

use crate::error::absence;

/// How many queues are asked at the same time. Each answer takes some 10 ms, so 100 queues take a tenth of a second;
/// more at once would only make more TLS connections on a small share of a core.
const QUEUES_AT_ONCE: usize = 10;

/// What is asked of a queue: what waits, runs and is delayed.
const ATTRIBUTES: [QueueAttributeName; 3] = [
    QueueAttributeName::ApproximateNumberOfMessages,
    QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    QueueAttributeName::ApproximateNumberOfMessagesDelayed,
];

/// Reads all queues, each with one `GetQueueAttributes`; the results stand in the order of the queues.
pub async fn read(client: &Client, queues: &[&SqsQueue]) -> Vec<Result<Queue, Absence>> {
    // Collected first: a stream over a lazy map would make this future unable to move between threads.
    let asked: Vec<_> = queues.iter().map(|queue| read_one(client, queue)).collect();
    stream::iter(asked).buffered(QUEUES_AT_ONCE).collect().await
}

async fn read_one(client: &Client, queue: &SqsQueue) -> Result<Queue, Absence> {
    let request = client.get_queue_attributes().queue_url(&queue.url);
    let answer = request.set_attribute_names(Some(ATTRIBUTES.to_vec())).send().await;
    match answer {
        Ok(answer) => interpret(&answer),
        Err(error) => Err(absence(&error)),
    }
}

fn interpret(answer: &GetQueueAttributesOutput) -> Result<Queue, Absence> {
    let count = |name: &QueueAttributeName| {
        let value = answer.attributes().and_then(|attributes| attributes.get(name));
        value.and_then(|value| value.parse::<u64>().ok()).ok_or_else(|| {
            let found = value.map_or("missing", String::as_str);
            Absence::new(AbsenceKind::Unreadable, format!("attribute `{name}` is {found}"))
        })
    };
    let [visible, not_visible, delayed] = &ATTRIBUTES;
    Ok(Queue {
        waiting: count(visible)?,
        // A delayed message becomes visible by itself: it is never due and still delayed.
        due: 0,
        delayed: count(delayed)?,
        delayed_held: false,
        in_flight: InFlight::Exactly(count(not_visible)?),
        done: None,
        paused: false,
        limits: QueueLimits::default(),
        head: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(visible: &str, not_visible: &str, delayed: &str) -> GetQueueAttributesOutput {
        let values = [visible, not_visible, delayed].map(str::to_owned);
        let pairs = ATTRIBUTES.into_iter().zip(values);
        GetQueueAttributesOutput::builder().set_attributes(Some(pairs.collect())).build()
    }

    #[test]
    fn the_attributes_are_the_queue() {
        let queue = interpret(&answer("612", "8", "3")).unwrap();
        assert_eq!((queue.waiting, queue.due, queue.delayed), (612, 0, 3));
        assert_eq!(queue.in_flight, InFlight::Exactly(8));
    }

    #[test]
    fn an_attribute_that_is_missing_or_no_number_is_unreadable() {
        let missing = interpret(&GetQueueAttributesOutput::builder().build()).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "unreadable answer: attribute `ApproximateNumberOfMessages` is missing"
        );
        let negative = interpret(&answer("612", "-1", "3")).unwrap_err();
        assert_eq!(negative.kind, AbsenceKind::Unreadable);
    }
}
