//! What the texts of a fleet file can be.

use crate::settings::shape::Text;

/// Tidegate's own names: they stand in SNS subjects (under 100 characters) and in keys of the ledger.
pub(crate) const NAME: Text = Text {
    allowed: "letters, digits, `-` and `_`, beginning with a letter or digit, at most 64",
    pattern: "^[A-Za-z0-9][A-Za-z0-9_-]*$",
    max: 64,
    accepts: is_name,
};

/// The name of a profile of `emergency`. `max`, however it is written, is there already.
pub(crate) const PROFILE: Text = Text {
    allowed: "letters, digits, `-` and `_`, beginning with a letter or digit, at most 64, and not `max`",
    pattern: "^(?![Mm][Aa][Xx]$)[A-Za-z0-9][A-Za-z0-9_-]*$",
    max: NAME.max,
    // `emergency` says of `max` that it is reserved.
    accepts: is_name,
};

/// `DBInstanceIdentifier` and `DBClusterIdentifier`: RDS keeps them in lower case, and CloudWatch's dimensions have them so.
pub(crate) const DATABASE_ID: Text = Text {
    allowed: "lower-case letters, digits and single `-`, beginning with a letter and not ending with `-`, at most 63 (the \
              identifier, not the ARN or the endpoint)",
    pattern: "^[a-z](-?[a-z0-9])*$",
    max: 63,
    accepts: |text| {
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        text.bytes().next().is_some_and(|b| b.is_ascii_lowercase())
            && text.bytes().all(allowed)
            && !text.contains("--")
            && !text.ends_with('-')
    },
};

/// `DBInstanceClass`: `db.r6g.large`; `db.serverless` of Aurora.
pub(crate) const DATABASE_CLASS: Text = Text {
    allowed: "an instance class such as `db.r6g.large`",
    pattern: r"^db\.([a-z0-9-]+\.[a-z0-9]+|serverless)$",
    max: 64,
    accepts: |text| {
        let plain = |part: &str, also: &[u8]| {
            let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || also.contains(&b);
            !part.is_empty() && part.bytes().all(allowed)
        };
        let size = text.strip_prefix("db.").unwrap_or_default();
        let of_family = |(family, size): (&str, &str)| plain(family, b"-") && plain(size, b"");
        size == "serverless" || size.split_once('.').is_some_and(of_family)
    },
};

/// How far a replica may lag; `lag` says which engine can show it.
pub(crate) const LAG: Text = Text {
    allowed: "a duration such as `15s`; of Aurora also `100ms`",
    pattern: "^((?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?|[0-9]+ms)$",
    max: 32,
    accepts: |_| true,
};

/// What adds or removes a replica; `condition` says more than a pattern can.
pub(crate) const REPLICA_CONDITION: Text = Text {
    allowed: "`cpu OP PERCENT` or `connections OP NUMBER`, then optionally `for DURATION`, as in `cpu > 70% for 5m`",
    pattern: concat!(
        r"^\s*(cpu\s*(>=|<=|>|<)\s*[0-9][0-9.]*%|connections\s*(>=|<=|>|<)\s*[0-9][0-9.]*)",
        r"(\s+for\s+([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?)?\s*$"
    ),
    max: CONDITION.max,
    accepts: |_| true,
};

/// What asks for the next larger class; `condition` says more than a pattern can.
pub(crate) const CLASS_UP: Text = Text {
    allowed: "`cpu`, `memory`, `connections` or `iops` with `>` or `>=`, a value, and `for DURATION` (5m to 30d), as in `cpu > 80% for \
              1d`",
    pattern: concat!(
        r"^\s*((cpu|memory)\s*>=?\s*[0-9][0-9.]*%|connections\s*>=?\s*[0-9][0-9.]*%?|iops\s*>=?\s*[0-9][0-9.]*)",
        r"\s+for\s+(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?\s*$"
    ),
    max: CONDITION.max,
    accepts: |_| true,
};

/// What allows the next smaller class; `condition` says more than a pattern can.
pub(crate) const CLASS_DOWN: Text = Text {
    allowed: "`cpu`, `memory`, `connections` or `iops` with `<` or `<=`, a value, and `for DURATION` (1d to 30d), as in `cpu < 20% for \
              14d`",
    pattern: concat!(
        r"^\s*((cpu|memory)\s*<=?\s*[0-9][0-9.]*%|connections\s*<=?\s*[0-9][0-9.]*%?|iops\s*<=?\s*[0-9][0-9.]*)",
        r"\s+for\s+(?=[0-9])([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?\s*$"
    ),
    max: CONDITION.max,
    accepts: |_| true,
};

/// When a class may change; `WeeklyWindow` says more than a pattern can.
pub(crate) const CHANGE_WINDOW: Text = Text {
    allowed: "`maintenance`, or a window of every week in UTC such as `sun:05:00-sun:06:00`, 30 minutes to a day long",
    pattern: concat!(
        r"^(maintenance",
        r"|([Mm][Oo][Nn]|[Tt][Uu][Ee]|[Ww][Ee][Dd]|[Tt][Hh][Uu]|[Ff][Rr][Ii]|[Ss][Aa][Tt]|[Ss][Uu][Nn]):([01][0-9]|2[0-3]):[0-5][0-9]",
        r"-([Mm][Oo][Nn]|[Tt][Uu][Ee]|[Ww][Ee][Dd]|[Tt][Hh][Uu]|[Ff][Rr][Ii]|[Ss][Aa][Tt]|[Ss][Uu][Nn]):([01][0-9]|2[0-3]):[0-5][0-9])$"
    ),
    max: 32,
    accepts: |_| true,
};

/// `HostedZoneId` of Route 53: up to 32 characters.
pub(crate) const HOSTED_ZONE: Text = Text {
    allowed: "the id of a hosted zone, such as `Z0123456789ABCDEFGHIJ`, without `/hostedzone/`",
    pattern: "^Z[A-Z0-9]+$",
    max: 32,
    accepts: |text| {
        let rest = text.strip_prefix('Z').unwrap_or_default();
        !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    },
};

/// The name of a record, as Route 53 shows it; 63 characters a label, 253 in all.
pub(crate) const RECORD: Text = Text {
    allowed: "a name such as `read.db.internal`: lower-case letters, digits, `-` and `_` between dots, no dot at the end",
    pattern: r"^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)+$",
    max: 253,
    accepts: |text| text.contains('.') && text.split('.').all(is_label),
};

/// A share; `percent` says more than a pattern can.
pub(crate) const PERCENT: Text =
    Text { allowed: "`1%` to `100%`", pattern: "^(100|[1-9][0-9]?)%$", max: 32, accepts: |_| true };

/// A line of the runbook: what the first notice of an emergency shows.
pub(crate) const RUNBOOK_LINE: Text = Text { allowed: "lines of 1 to 200 characters", ..free(200) };

/// ECS cluster and service names (`CreateCluster`, `CreateService`: up to 255 letters, numbers, underscores, hyphens).
pub(crate) const ECS_NAME: Text = Text {
    allowed: "letters, digits, `-` and `_`, at most 255 (the name, not the ARN)",
    pattern: "^[A-Za-z0-9_-]+$",
    max: 255,
    accepts: |text| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)),
};

/// `AutoScalingGroupName`: up to 255 of the ASCII characters 33 to 126, no colon (`CreateAutoScalingGroup`).
pub(crate) const ASG_NAME: Text = Text {
    allowed: "ASCII letters, digits and punctuation except `:`, at most 255 (the name, not the ARN)",
    pattern: "^[!-9;-~]+$",
    max: 255,
    accepts: |text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b':'),
};

/// The id of a metric in an expression (`MetricDataQuery`: up to 255 characters).
pub(crate) const MATH_ID: Text = Text {
    allowed: "letters, digits and `_`, beginning with a lower-case letter, at most 255",
    pattern: "^[a-z][A-Za-z0-9_]*$",
    max: 255,
    accepts: |text| {
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        starts && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    },
};

/// `Expression` of `MetricDataQuery`: up to 2,048 characters. Without quotes, so that it is arithmetic, and no `SEARCH` or
/// query, which answer with any number of series.
pub(crate) const EXPRESSION: Text = Text {
    allowed: "arithmetic over ids and functions, without quotes, at most 2048 characters",
    pattern: r"^[A-Za-z0-9_ .,+*/^()<>=!&|\[\]-]+$",
    max: 2_048,
    accepts: |text| {
        !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_ .,+*/^()<>=!&|[]-".contains(&b))
    },
};

/// A metric's name in rules; `tidegate_policy::MetricName` has the last word.
pub(crate) const METRIC_KEY: Text = Text {
    allowed: "lower-case letters, digits and `_`, beginning with a letter, at most 64",
    pattern: "^[a-z][a-z0-9_]*$",
    max: 64,
    accepts: is_metric_key,
};

/// `Namespace` and `MetricName` of CloudWatch: up to 255 characters.
pub(crate) const CLOUDWATCH_NAME: Text = free(255);

/// A dimension's name; CloudWatch allows 255 characters.
pub(crate) const DIMENSION_NAME: Text = free(255);

/// A dimension's value; CloudWatch allows 1,024 characters.
pub(crate) const DIMENSION_VALUE: Text = free(1_024);

/// A name in Redis; 512 is far above any real one and bounds what one evaluation sends.
pub(crate) const REDIS_NAME: Text = free(512);

/// Text that may also be empty, as kombu's `global_keyprefix`.
pub(crate) const REDIS_PREFIX: Text =
    Text { allowed: "any text, at most 512 characters", pattern: "", max: 512, accepts: |_| true };

/// `Stat` of `GetMetricData`.
pub(crate) const STATISTIC: Text = Text {
    allowed: "`Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount` or a percentile such as `p95` or `p99.9`",
    pattern: r"^(Average|Sum|Minimum|Maximum|SampleCount|p([0-9]{1,2}(\.[0-9]{1,2})?|100))$",
    max: 16,
    accepts: is_statistic,
};

/// The URL of a Redis server; `url` says more than a pattern can.
pub(crate) const REDIS_URL: Text = Text {
    allowed: "`redis://HOST:PORT/DATABASE`, or `rediss://` for TLS",
    pattern: "^rediss?://[^/?#]+(/[0-9]*)?$",
    max: 1_024,
    accepts: |_| true,
};

/// Where a text is kept that does not stand in the file.
pub(crate) const REFERENCE: Text = Text {
    allowed: "`ssm:/parameter/name`, `secretsmanager:NAME` or `secretsmanager:NAME#JSON-KEY`",
    pattern: "^(ssm|secretsmanager):.+$",
    max: 1_024,
    accepts: |_| true,
};

/// The URL of an SQS queue.
pub(crate) const SQS_URL: Text = Text {
    allowed: "`https://sqs.REGION.amazonaws.com/ACCOUNT/QUEUE`",
    pattern: "^https?://[^/?#]+/[0-9]{12}/[A-Za-z0-9_-]+(\\.fifo)?$",
    max: 1_024,
    accepts: |_| true,
};

/// A rule's condition; `condition` says more than a pattern can. Signals that no service can declare have the unit that the
/// reader asks for; of the others the unit is a matter of the file.
pub(crate) const CONDITION: Text = Text {
    allowed: "`SIGNAL OP VALUE` or `alarm(NAME)`, then optionally `for DURATION`, as in `cpu > 70% for 5m`",
    pattern: concat!(
        r"^\s*(cpu\s*(>=|<=|>|<)\s*[0-9][0-9.]*%",
        r"|(waiting|in_flight|depth|due|delayed|waiting_per_task)\s*(>=|<=|>|<)\s*[0-9][0-9.]*",
        r"|stalled_for\s*(>=|<=|>|<)\s*[0-9][0-9.a-z]*[a-z]",
        r"|(?!(cpu|waiting|in_flight|depth|due|delayed|waiting_per_task|stalled_for)\b)[a-z][a-z0-9_]*\s*(>=|<=|>|<)\s*[0-9][0-9.a-z%]*",
        r"|alarm\([^)\x00-\x1f\x7f-\x9f]+\))",
        r"(\s+for\s+([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?)?\s*$"
    ),
    max: 300,
    accepts: |_| true,
};

/// A window of `hours`; `hours` says more than a pattern can.
pub(crate) const WINDOW: Text = Text {
    allowed: "`DAYS HH:MM-HH:MM ZONE`, as in `mon-fri 07:00-20:00 Europe/Berlin`; DAYS are `mon` to `sun`, ranges of \
              them, `holidays`, several with `and`, or `every day`",
    pattern: concat!(
        r"^\s*(every\s+day|((mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?|holidays)((\s*,\s*|\s+and\s+)((mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?|holidays))*)",
        r"\s+([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)\s+[A-Za-z][A-Za-z0-9_+/-]*\s*$"
    ),
    max: 128,
    accepts: |_| true,
};

/// The first column of a floor table: a float holds it exactly.
pub(crate) const LEVEL: Text = Text {
    allowed: "plain digits, at most 15",
    pattern: "^(0|[1-9][0-9]{0,14})$",
    max: 15,
    accepts: |text| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits && (text == "0" || !text.starts_with('0'))
    },
};

/// A tracker's target; `condition` says more than a pattern can.
pub(crate) const TARGET: Text = Text {
    allowed: "a value in the signal's unit, such as `70%`, `500ms` or `20`",
    pattern: r"^[0-9][0-9.a-z%]*$",
    max: 32,
    accepts: |_| true,
};

/// A day of the calendar.
pub(crate) const DATE: Text = Text {
    allowed: "a date such as `2026-12-25`",
    pattern: "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$",
    max: 10,
    accepts: is_date,
};

const fn free(max: usize) -> Text {
    Text { allowed: "text without line breaks", pattern: r"^[^\x00-\x1f\x7f-\x9f]+$", max, accepts: is_free }
}

fn is_free(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(char::is_control)
}

fn is_name(text: &str) -> bool {
    text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric()) && (ECS_NAME.accepts)(text)
}

fn is_label(label: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
    let hyphen_outside = label.starts_with('-') || label.ends_with('-');
    (1..=63).contains(&label.len()) && label.bytes().all(allowed) && !hyphen_outside
}

fn is_metric_key(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    text.bytes().next().is_some_and(|b| b.is_ascii_lowercase()) && text.bytes().all(allowed)
}

/// `2026-02-30` is written as one, and the calendar does not have it.
fn is_date(text: &str) -> bool {
    let digits = |part: &str, length: usize| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    let within = |part: &str, most: u8| part.parse().is_ok_and(|number: u8| (1..=most).contains(&number));
    let mut parts = text.split('-');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), Some(day), None) => {
            digits(year, 4) && digits(month, 2) && digits(day, 2) && within(month, 12) && within(day, 31)
        }
        _ => false,
    }
}

fn is_statistic(text: &str) -> bool {
    const NAMES: [&str; 5] = ["Average", "Sum", "Minimum", "Maximum", "SampleCount"];
    let digits =
        |part: &str, max: usize| (1..=max).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    NAMES.contains(&text)
        || text.strip_prefix('p').is_some_and(|percentile| match percentile.split_once('.') {
            Some((whole, part)) => digits(whole, 2) && digits(part, 2),
            None => digits(percentile, 2) || percentile == "100",
        })
}
