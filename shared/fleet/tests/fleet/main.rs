//! The fleet file from outside: what is taken, what is refused and how that is said.

#[cfg(test)]
mod mistakes;
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
mod taken;
#[cfg(test)]
mod track;
#[cfg(test)]
mod yaml;
