//! The fleet's `emergency`.

use tidegate_policy::Capacity;

use crate::check::emergency::{self as check, Known, PlacedProfile, PlacedReplicas, PlacedSize};
use crate::check::unique;
use crate::model::emergency::{Emergency, Profile};
use crate::problem::excerpt::without_secrets;
use crate::problem::{Code, Problem, Problems, words};
use crate::settings::emergency::PROFILE;
use crate::settings::texts::RUNBOOK_LINE;
use crate::yaml::entries;
use crate::yaml::object::{Object, read_scalar};
use crate::yaml::scalar::{self, Fault};
use crate::yaml::tree::{Key, Node, Value};

/// Reads what an emergency does, with every default where nothing is written; `None` only after reporting why.
pub(crate) fn read(
    fleet: &Object<'_>,
    (service_nodes, database_nodes): (&[Node], &[Node]),
    known: Known<'_>,
    problems: &mut Problems,
) -> Option<Emergency> {
    let object = fleet.map("emergency", problems)?;
    let hold = object.duration("hold", problems);
    let names = |nodes: &'_ [Node]| -> Vec<String> {
        nodes.iter().filter_map(unique::name_of).map(str::to_owned).collect()
    };
    let names = Names { services: names(service_nodes), databases: names(database_nodes) };
    let mut profiles = Vec::new();
    for (name, node) in object.table("profiles", problems) {
        let profile = profile(name, node, &names, problems);
        check::profile(&profile, known, problems);
        profiles.push(model(profile));
    }
    let lines: Vec<Option<String>> = object
        .list("runbook", problems)
        .iter()
        .enumerate()
        .map(|(index, node)| {
            let line = |text: String| if without_secrets(&text) == text { Ok(text) } else { Err(secret()) };
            read_scalar(node, &format!("runbook[{index}]"), problems, |written| {
                Some(scalar::text(written, &RUNBOOK_LINE).and_then(line))
            })
        })
        .collect();
    Some(Emergency { hold: hold?, profiles, runbook: lines.into_iter().collect::<Option<_>>()? })
}

/// What a profile may name, as the file writes it.
struct Names {
    services: Vec<String>,
    databases: Vec<String>,
}

/// Reads the sizes of one profile, as far as they can be read.
fn profile(name: &Key, node: &Node, names: &Names, problems: &mut Problems) -> PlacedProfile {
    let (mut sizes, mut replicas) = (Vec::new(), Vec::new());
    if matches!(&node.value, Value::Map(entries) if entries.is_empty()) {
        let message = format!("the profile `{}` is empty", name.text);
        let help = "name services with their sizes, as in `{ worker: 5, batch: 0 }`";
        problems.push(Problem::new(Code::EmptyValue, node.place, message).help(help));
        return PlacedProfile { name: name.text.clone(), place: name.place, sizes, replicas };
    }
    let (is_max, mut names_service) = (name.text.eq_ignore_ascii_case(Profile::MAX), false);
    for (service, value) in entries::table(node, &name.text, &PROFILE, problems) {
        if names.databases.contains(&service.text) {
            let count = read_scalar(value, &service.text, problems, |written| {
                Some(scalar::count(written, 0, Capacity::LIMIT, "replicas"))
            });
            let (database, place) = (service.text.clone(), value.place);
            replicas.extend(count.map(|count| PlacedReplicas { database, count, place }));
            continue;
        }
        if is_max {
            names_service = true;
            continue;
        }
        if !names.services.contains(&service.text) {
            let (what, known) = if names.databases.is_empty() {
                ("service", names.services.clone())
            } else {
                ("service or database", names.services.iter().chain(&names.databases).cloned().collect())
            };
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let message = format!("the profile `{}` names the unknown {what} `{}`", name.text, service.text);
            let help = words::meant(&service.text, &known);
            problems.push(Problem::new(Code::UnknownService, service.place, message).help(help));
        }
        let size = read_scalar(value, &service.text, problems, |written| {
            Some(scalar::count(written, 0, Capacity::LIMIT, "tasks or instances"))
        });
        sizes.extend(size.map(|size| PlacedSize {
            service: service.text.clone(),
            service_place: service.place,
            size,
            size_place: value.place,
        }));
    }
    // It takes every service to its maximum already: only databases may be added.
    if names_service || (is_max && name.text != Profile::MAX) {
        let message = format!("the profile `{}` is there already: every service at its maximum", name.text);
        let help = "give these sizes another name; `max` may name databases only, as in `max: { db: 3 }`";
        problems.push(Problem::new(Code::ReservedName, name.place, message).help(help));
    }
    PlacedProfile { name: name.text.clone(), place: name.place, sizes, replicas }
}

fn model(PlacedProfile { name, place: _, sizes, replicas }: PlacedProfile) -> Profile {
    let sizes = sizes.into_iter().map(|size| (size.service, size.size)).collect();
    let replicas = replicas.into_iter().map(|it| (it.database, it.count)).collect();
    Profile { name, sizes, replicas }
}

/// Notices repeat the lines of the runbook.
fn secret() -> Fault {
    Fault::new(
        Code::SecretInFile,
        "holds a password, and notices repeat it",
        "secrets never stand in the fleet file: say where the password is kept",
    )
}
