//! The line that keeps an emergency: the last engage once more, which asks for nothing that was not asked for.

use tidegate_fleet::{Fleet, Profile};
use tidegate_policy::emergency::incident::{Incident, LastEngage};

use crate::asked::names_of;

/// How an emergency is kept.
#[derive(Debug, Default)]
pub(crate) struct Keep {
    pub(crate) command: Option<String>,
    /// What the command does not say.
    pub(crate) note: Option<&'static str>,
}

const UNKNOWN: &str =
    "to keep it, type the last `tidegate emergency engage` again: its `--services` are not known here";
const PART: &str = "before the end, the line that keeps it moves the end of all that is in force; after the end it would \
                    engage only what it names";

impl Keep {
    /// An engage with fewer names, or without `--ignore-budgets`, moves the end of the whole emergency; with more it would do
    /// more. So what is not known is left out, and where nothing is left there is no line.
    pub(crate) fn of(fleet: &Fleet, incident: &Incident) -> Self {
        let unknown = Self { command: None, note: Some(UNKNOWN) };
        let Incident { profile, last: Some(LastEngage { services, ignore_budgets, is_part }), .. } = incident
        else {
            return unknown;
        };
        let known = names_of(fleet, profile);
        let named: Vec<&str> = services.iter().map(String::as_str).filter(|it| known.contains(*it)).collect();
        let is_nothing_left = named.is_empty() && !services.is_empty();
        if known.is_empty() || is_nothing_left {
            return unknown;
        }
        let mut line = "tidegate emergency engage".to_owned();
        if profile != Profile::MAX {
            line = format!("{line} --profile {profile}");
        }
        if !named.is_empty() {
            line = format!("{line} --services {}", named.join(","));
        }
        if *ignore_budgets {
            line.push_str(" --ignore-budgets");
        }
        Self { command: Some(format!("{line} --hold 2h")), note: is_part.then_some(PART) }
    }
}
