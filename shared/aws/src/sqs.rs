//! Amazon SQS: queues of jobs are read, and the function's own delayed evaluations are sent.

pub mod delayed_evaluations;
pub mod queues;
