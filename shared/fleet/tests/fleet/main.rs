//! The fleet file from outside: what is taken, what is refused and how that is said.

#[cfg(test)]
mod alarms;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod databases;

#[cfg(test)]
mod guarded;
#[cfg(test)]
mod databases_refused;
#[cfg(test)]
mod effective;
#[cfg(test)]
mod emergency;
#[cfg(test)]
mod emergency_databases;
#[cfg(test)]
mod groups;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod mistakes;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod refused;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod floor;
#[cfg(test)]
mod hours;
#[cfg(test)]
mod signals;
#[cfg(test)]
mod taken;
#[cfg(test)]
mod track;
#[cfg(test)]
mod yaml;
#[cfg(test)]
mod upgrades;
#[cfg(test)]
mod upgrades_of_guides;
#[cfg(test)]
mod upgrades_refused;
