//! The policy, seen from outside: what it promises, what AWS documents, and what it says.

#![expect(unused_must_use, reason = "most evaluations are taken for what they leave in the memory")]

#[cfg(test)]
mod stage;

#[cfg(test)]
mod names;

#[cfg(test)]
mod step_scaling;

#[cfg(test)]
mod voting;

#[cfg(test)]
mod holding_for;

#[cfg(test)]
mod guards;

#[cfg(test)]
mod stabilization;

#[cfg(test)]
mod flapping;

#[cfg(test)]
mod credit;

#[cfg(test)]
mod limits;

#[cfg(test)]
mod connections;

#[cfg(test)]
mod zero;

#[cfg(test)]
mod starting;

#[cfg(test)]
mod moving;

#[cfg(test)]
mod operators;

#[cfg(test)]
mod emergency;

#[cfg(test)]
mod database;

#[cfg(test)]
mod replicas;

#[cfg(test)]
mod weekly_window;

#[cfg(test)]
mod upgrades;

#[cfg(test)]
mod believed;

#[cfg(test)]
mod overwritten;

#[cfg(test)]
mod intents;

#[cfg(test)]
mod notices;

#[cfg(test)]
mod remembering;

#[cfg(test)]
mod track;

#[cfg(test)]
mod spoiled;

#[cfg(test)]
mod spoken;

#[cfg(test)]
mod restarts;

#[cfg(test)]
mod combine;

#[cfg(test)]
mod hpa;

#[cfg(test)]
mod hours;

#[cfg(test)]
mod floor;

#[cfg(test)]
mod alarms;

#[cfg(test)]
mod watching;

#[cfg(test)]
mod provisional;

#[cfg(test)]
mod answers;

#[cfg(test)]
mod service_load;

#[cfg(test)]
mod constraints;

#[cfg(test)]
mod wait_kinds;

#[cfg(test)]
mod wait_world;

#[cfg(test)]
mod wait;

#[cfg(test)]
mod surplus;

#[cfg(test)]
mod wait_dangers;

#[cfg(test)]
mod wait_day;

#[cfg(test)]
mod wait_once;

#[cfg(test)]
mod queue_limits;

#[cfg(test)]
mod sentences;
mod set_by_emergency;
mod shares;
mod sharing;

#[cfg(test)]
mod arbitrary;

#[cfg(test)]
mod properties;

#[cfg(test)]
mod constraints_properties;

#[cfg(test)]
mod wait_properties;

#[cfg(test)]
mod size;
