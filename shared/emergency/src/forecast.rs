//! When AWS has launched what a plan asks for.
//!
//! The quota of virtual CPUs is not read yet: what it allows is not known, and the answer says so.

use tidegate_aws::bucket::UPDATE_SERVICE;
use tidegate_aws::targets::Tasks;
use tidegate_policy::emergency::delivery::{Addition, Delivered, Fargate, Pace, Paces, forecast};
use tidegate_policy::emergency::target::Change;

use crate::subject::One;

/// Tasks on AWS Fargate in the larger Regions: 100 at once and 20 a second after them; of one service 500 a minute (AWS Fargate
/// launch rates, 2023). Smaller Regions have 25 and 5.
const LAUNCHES: Pace = Pace { burst: 100.0, refill: 20.0 };
const LAUNCHES_OF_ONE: f64 = 500.0;

/// What each target of a plan gets, in their order.
pub(crate) fn of(targets: &[&One]) -> Vec<Delivered> {
    let calls = Pace { burst: f64::from(UPDATE_SERVICE.burst), refill: UPDATE_SERVICE.refill_per_second };
    let paces = Paces { calls, launches: LAUNCHES, launches_of_one: LAUNCHES_OF_ONE };
    let additions: Vec<Addition> = targets.iter().map(|one| addition(one)).collect();
    forecast(&additions, paces, None)
}

fn addition(one: &One) -> Addition {
    let tasks = one.work.as_ref().map_or(0, |work| work.to.saturating_sub(work.from));
    let changes = one.work.iter().flat_map(|work| &work.changes);
    let is_call = changes.into_iter().any(|change| matches!(change, Change::SetCapacity(_)));
    let is_fargate = one.tasks().is_some_and(|Tasks { fargate, .. }| *fargate);
    Addition { tasks, is_call, fargate: is_fargate.then_some(Fargate { vcpus: None }) }
}
