//! An emergency from invoke to restore: the real concern and the real SDK in virtual time against `fake_fleet`.

#[cfg(test)]
mod stage;

#[cfg(test)]
mod cases;

#[cfg(test)]
mod databases;

#[cfg(test)]
mod forecast;

#[cfg(test)]
mod kept;

#[cfg(test)]
mod killed;

#[cfg(test)]
mod large;

#[cfg(test)]
mod missed;

#[cfg(test)]
mod outages;

#[cfg(test)]
mod replicas;

#[cfg(test)]
mod rows;

#[cfg(test)]
mod twice;
