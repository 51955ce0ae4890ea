//! One entry of `budgets`.

use crate::check::{self, unique};
use crate::model::fleet::{Budget, Service};
use crate::problem::{Code, Problem, Problems, words};
use crate::settings::fleet::BUDGET;
use crate::yaml::object::{Object, read_scalar};
use crate::yaml::scalar;
use crate::yaml::tree::Node;

/// Reads a budget; `None` only after reporting why.
pub(crate) fn read(
    node: &Node,
    service_nodes: &[Node],
    services: &[Option<Service>],
    problems: &mut Problems,
) -> Option<Budget> {
    let budget = Object::open(node, &BUDGET, problems)?;
    let name = budget.text("name", problems);
    let limit = budget.count("limit", problems);
    let names: Vec<&str> = service_nodes.iter().filter_map(unique::name_of).collect();
    let mut uses = Vec::new();
    for (key, value) in budget.table("use", problems) {
        if !names.contains(&key.text.as_str()) {
            let message = format!("the budget names the unknown service `{}`", key.text);
            let help = words::meant(&key.text, &names);
            problems.push(Problem::new(Code::UnknownService, key.place, message).help(help));
        }
        let number = read_scalar(value, &key.text, problems, |written| {
            Some(scalar::count(written, 0, 1_000_000, "per task"))
        });
        if let Some(number) = number {
            uses.push((key.text.clone(), number));
        }
    }
    let mut budget = Budget { name: name?, limit: limit?, uses, use_at_max: 0 };
    check::budget::room(&mut budget, node.place, services, problems);
    Some(budget)
}
