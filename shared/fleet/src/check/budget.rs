//! Whether the services fit into what they share.

use crate::model::fleet::{Budget, Service};
use crate::problem::{Code, Place, Problem, Problems};

/// At their maximum the services fit into the budget; adds up what they take then.
pub(crate) fn room(budget: &mut Budget, place: Place, services: &[Option<Service>], problems: &mut Problems) {
    let mut parts = Vec::new();
    for (name, per_task) in &budget.uses {
        let mut known = services.iter().flatten();
        let Some(service) = known.find(|service| service.name() == name) else {
            continue;
        };
        let max = service.policy().capacity.max();
        let total = u64::from(max).saturating_mul(u64::from(*per_task));
        budget.use_at_max = budget.use_at_max.saturating_add(total);
        parts.push(format!("{name} {max} x {per_task} = {total}"));
    }
    if budget.use_at_max > u64::from(budget.limit) {
        let message = format!(
            "`{}` would need {} at maximum capacity, above its limit {}",
            budget.name, budget.use_at_max, budget.limit
        );
        let help = format!("{}; lower a `max`, or raise the limit", parts.join(", "));
        problems.push(Problem::new(Code::BudgetExceeded, place, message).help(help));
    }
}
