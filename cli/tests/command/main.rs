//! The built command from outside: what it says, on which stream, and with which exit code.

#[cfg(test)]
mod check;
#[cfg(test)]
mod check_databases;
#[cfg(test)]
mod command;
#[cfg(test)]
mod fake_lambda;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod emergency;
#[cfg(test)]
mod emergency_failures;
#[cfg(test)]
mod emergency_terminal;
#[cfg(test)]
mod overriding;
#[cfg(test)]
mod upgrading;
#[cfg(test)]
mod page;
#[cfg(test)]
mod simulate;
#[cfg(test)]
mod counts;
#[cfg(test)]
mod traces;
#[cfg(test)]
mod tune;
