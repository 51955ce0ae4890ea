//! Where work waits.

use crate::model::queue::QueueKind;
use crate::settings::metric::METRIC_SOURCE;
use crate::settings::shape::{Need, Setting, Shape, ValueKind, default, optional, required};
use crate::settings::texts;

/// A service's `queue`.
pub(crate) const QUEUE: Shape = Shape {
    name: "`queue`",
    about: "The job queue: exactly one kind.",
    settings: &KINDS,
    needs: &[Need::ExactlyOne(QueueKind::WORDS)],
};

const KINDS: [Setting; QueueKind::WORDS.len()] = [
    kind(QueueKind::Celery, &CELERY, "Celery on Redis."),
    kind(QueueKind::Bullmq, &BULLMQ, "BullMQ, version 5 or 6."),
    kind(QueueKind::List, &LIST, "A plain Redis list."),
    kind(QueueKind::Sqs, &SQS, "Amazon SQS."),
    kind(QueueKind::Cloudwatch, &CLOUDWATCH, "Any CloudWatch metric, for example of RabbitMQ on Amazon MQ."),
];

const fn kind(kind: QueueKind, shape: &'static Shape, about: &'static str) -> Setting {
    optional(kind.as_str(), ValueKind::Map(shape), about)
}

const URL: Setting = optional(
    "url",
    ValueKind::Text(&texts::REDIS_URL),
    "The Redis server; a URL with a password belongs in `url_from`.",
);

const URL_FROM: Setting = optional(
    "url_from",
    ValueKind::Text(&texts::REFERENCE),
    "Where the Redis URL is kept: SSM or Secrets Manager.",
);

const CA_FROM: Setting = optional(
    "ca_from",
    ValueKind::Text(&texts::REFERENCE),
    "Where the PEM certificates of your own certificate authority (CA) are kept: SSM or Secrets Manager. The server's \
     certificate must then be signed by that CA. ElastiCache and servers with a public certificate do not need it.",
);

const ONE_URL: &[Need] = &[Need::ExactlyOne(&["url", "url_from"])];

const CELERY: Shape = Shape {
    name: "`celery`",
    about: "A Celery queue on Redis; names follow kombu's `broker_transport_options`.",
    settings: &[
        URL,
        URL_FROM,
        CA_FROM,
        required("queue", ValueKind::Text(&texts::REDIS_NAME), "The queue's name."),
        optional(
            "exchange",
            ValueKind::Text(&texts::REDIS_NAME),
            "The exchange that binds the queue, if it is neither named like the queue nor `celery`: for a queue declared \
             without an exchange, the application's `task_default_exchange` or `task_default_queue`. Queues of a fanout \
             exchange cannot be counted, because it keeps no job in Redis.",
        ),
        default(
            "prefix",
            ValueKind::Text(&texts::REDIS_PREFIX),
            "`global_keyprefix`.",
            "",
            "kombu's default",
        ),
        default(
            "separator",
            ValueKind::Text(&texts::REDIS_PREFIX),
            "`sep`, between the queue's name and a priority step.",
            "\u{6}\u{16}",
            "kombu's default",
        ),
        default(
            "priority_steps",
            ValueKind::List { of: &ValueKind::Count { min: 0, max: 9, unit: "" }, min: 1, max: 10 },
            "`priority_steps`, ascending. It has no effect, because the lists of all priorities from 0 to 9 are read.",
            "[0, 3, 6, 9]",
            "kombu's default",
        ),
        default(
            "unacked_key",
            ValueKind::Text(&texts::REDIS_NAME),
            "`unacked_key`: the messages that workers hold, shared by all queues of a database and prefix. If there are more \
             than 20,000, they are not read and nothing scales in: give such an application its own database or prefix.",
            "unacked",
            "kombu's default",
        ),
        default(
            "acks_late",
            ValueKind::Boolean,
            "`task_acks_late`: running jobs stay visible in Redis until they end.",
            "false",
            "Celery's default",
        ),
    ],
    needs: ONE_URL,
};

const BULLMQ: Shape = Shape {
    name: "`bullmq`",
    about: "A BullMQ queue. A rate limit of the queue (`setGlobalRateLimit`) is visible in Redis; a rate limit of the workers \
            (`limiter`) is visible only while no worker runs a job.",
    settings: &[
        URL,
        URL_FROM,
        CA_FROM,
        required("queue", ValueKind::Text(&texts::REDIS_NAME), "The queue's name."),
        default("prefix", ValueKind::Text(&texts::REDIS_NAME), "`prefix`.", "bull", "BullMQ's default"),
    ],
    needs: ONE_URL,
};

const LIST: Shape = Shape {
    name: "`list`",
    about: "A plain Redis list: its length is the number of waiting jobs.",
    settings: &[
        URL,
        URL_FROM,
        CA_FROM,
        required("key", ValueKind::Text(&texts::REDIS_NAME), "The list's key."),
        optional(
            "proof",
            ValueKind::Text(&texts::REDIS_NAME),
            "A key that exists while the application is deployed. Without it, a missing list does not count as empty.",
        ),
    ],
    needs: ONE_URL,
};

const SQS: Shape = Shape {
    name: "`sqs`",
    about: "An Amazon SQS queue.",
    settings: &[required("url", ValueKind::Text(&texts::SQS_URL), "The queue's URL.")],
    needs: &[],
};

const CLOUDWATCH: Shape = Shape {
    name: "`cloudwatch`",
    about: "A queue that is known only by CloudWatch metrics.",
    settings: &[
        required("waiting", ValueKind::Map(&METRIC_SOURCE), "The metric that counts waiting jobs."),
        optional(
            "in_flight",
            ValueKind::Map(&METRIC_SOURCE),
            "The metric that counts jobs taken and not finished.",
        ),
    ],
    needs: &[],
};
