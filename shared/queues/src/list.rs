//! A plain Redis list: its length is the waiting work, and a job that was taken is nowhere.

use tidegate_fleet::RedisList;
use tidegate_policy::{Absence, AbsenceKind, InFlight, Queue, QueueLimits};

use crate::command::RedisCommand;
use crate::reply::Replies;

/// What to ask about a list; [`interpret`] takes the answers in this order.
pub(crate) fn commands(list: &RedisList) -> Vec<RedisCommand> {
    let length = RedisCommand::new("LLEN", &list.key);
    let proof = list.proof.iter().map(|key| RedisCommand::new("EXISTS", key));
    [length].into_iter().chain(proof).collect()
}

/// What the answers mean.
pub(crate) fn interpret(list: &RedisList, replies: &mut Replies<'_>) -> Result<Queue, Absence> {
    let waiting = replies.take()?.count()?;
    let proved = match &list.proof {
        Some(_) => replies.take()?.flag()?,
        None => false,
    };
    if waiting == 0 && !proved {
        return Err(not_proved(list));
    }
    Ok(Queue {
        waiting,
        due: 0,
        delayed: 0,
        delayed_held: false,
        in_flight: InFlight::Unknown,
        done: None,
        paused: false,
        limits: QueueLimits::default(),
        // Nobody said from which end the list is taken.
        head: None,
    })
}

fn not_proved(list: &RedisList) -> Absence {
    let RedisList { key, proof, .. } = list;
    let advice = match proof {
        Some(proof) => format!("and neither does its proof `{proof}`, so it may be a typo; check the keys and the database number in the URL"),
        None => "which Redis cannot tell from an empty list; name a `proof` key that exists whenever the application is deployed".to_owned(),
    };
    Absence::new(AbsenceKind::NotFound, format!("`{key}` does not exist, {advice}"))
}

#[cfg(test)]
mod tests {
    use redis::Value;

    use super::*;
    use crate::reply::Reply;
    use tidegate_fleet::RedisUrl;

    #[track_caller]
    fn check(proof: Option<&str>, values: &[i64], expected: Result<u64, AbsenceKind>) {
        let list = RedisList {
            url: RedisUrl::Plain(String::new()),
            ca: None,
            key: "jobs".to_owned(),
            proof: proof.map(str::to_owned),
        };
        let commands = commands(&list);
        assert_eq!(commands.len(), values.len());
        let pairs = commands.into_iter().zip(values);
        let replies: Vec<_> = pairs.map(|(command, value)| Reply::new(command, Value::Int(*value))).collect();
        let places: Vec<_> = (0..replies.len()).collect();
        let read = interpret(&list, &mut Replies::new(&replies, &places));
        assert_eq!(read.map(|queue| queue.waiting).map_err(|absence| absence.kind), expected);
    }

    #[test]
    fn an_empty_list_is_missing_unless_its_proof_exists() {
        check(None, &[7], Ok(7));
        check(None, &[0], Err(AbsenceKind::NotFound));
        check(Some("app:version"), &[0, 1], Ok(0));
        check(Some("app:version"), &[0, 0], Err(AbsenceKind::NotFound));
        check(Some("app:version"), &[7, 0], Ok(7));
    }
}
