//! Which of our packages may use which: dependencies point one way.

/// For each of our packages, the packages of ours that it may use.
pub const DIRECTIONS: [(&str, &[&str]); 13] = [
    ("tidegate-policy", &[]),
    ("tidegate-fleet", &["tidegate-policy"]),
    ("tidegate-queues", &["tidegate-fleet", "tidegate-policy"]),
    ("tidegate-aws", &["tidegate-fleet", "tidegate-policy"]),
    ("tidegate-evaluation", &["tidegate-aws", "tidegate-fleet", "tidegate-policy"]),
    ("tidegate-scaling", &["tidegate-aws", "tidegate-fleet", "tidegate-evaluation", "tidegate-policy"]),
    ("tidegate-emergency", &["tidegate-aws", "tidegate-fleet", "tidegate-evaluation", "tidegate-policy"]),
    ("tidegate-simulator", &["tidegate-fleet", "tidegate-policy"]),
    (
        "queue-depth",
        &[
            "tidegate-aws",
            "tidegate-fleet",
            "tidegate-evaluation",
            "tidegate-policy",
            "tidegate-queues",
            "tidegate-scaling",
        ],
    ),
    ("service-load", &["tidegate-aws", "tidegate-fleet", "tidegate-evaluation", "tidegate-scaling"]),
    ("emergency-max", &["tidegate-aws", "tidegate-fleet", "tidegate-evaluation", "tidegate-emergency"]),
    (
        "tidegate",
        &[
            "queue-depth",
            "service-load",
            "tidegate-aws",
            "tidegate-fleet",
            "tidegate-evaluation",
            "tidegate-policy",
            "tidegate-queues",
            "tidegate-scaling",
            "tidegate-simulator",
        ],
    ),
    (
        "tidegate-tests",
        &[
            "emergency-max",
            "queue-depth",
            "service-load",
            "tidegate",
            "tidegate-aws",
            "tidegate-fleet",
            "tidegate-emergency",
            "tidegate-evaluation",
            "tidegate-policy",
            "tidegate-queues",
            "tidegate-scaling",
        ],
    ),
];
