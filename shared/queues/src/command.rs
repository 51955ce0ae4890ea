//! The commands that are sent to Redis, each of them once per evaluation.

use std::collections::HashMap;
use std::fmt;

/// One read-only command: its name, then its key, then the rest.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct RedisCommand(Vec<String>);

impl RedisCommand {
    /// A command on one key, without further arguments.
    pub(crate) fn new(name: &'static str, key: &str) -> Self {
        Self(vec![name.to_owned(), key.to_owned()])
    }

    /// The same command with one more argument.
    pub(crate) fn with(mut self, argument: &str) -> Self {
        self.0.push(argument.to_owned());
        self
    }

    /// The words as they are sent.
    pub(crate) fn words(&self) -> &[String] {
        &self.0
    }
}

/// Name and key, for operators: kombu's separator holds control characters.
impl fmt::Display for RedisCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words = self.0.iter();
        f.write_str(words.next().map_or("", String::as_str))?;
        let key = words.next().map_or("", String::as_str);
        write!(f, " `{}`", key.escape_debug())
    }
}

/// What one round trip asks: many queues share keys (`unacked`, a binding), and each key is read once.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    commands: Vec<RedisCommand>,
    places: HashMap<RedisCommand, usize>,
}

impl Batch {
    /// Adds a command unless it is there already; returns where its answer will be.
    pub(crate) fn add(&mut self, command: RedisCommand) -> usize {
        if let Some(place) = self.places.get(&command) {
            return *place;
        }
        let place = self.commands.len();
        self.commands.push(command.clone());
        self.places.insert(command, place);
        place
    }

    /// The commands in the order of their places.
    pub(crate) fn commands(&self) -> &[RedisCommand] {
        &self.commands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_key_is_asked_once() {
        let mut batch = Batch::default();
        let first = batch.add(RedisCommand::new("HLEN", "unacked"));
        let other = batch.add(RedisCommand::new("LLEN", "unacked"));
        let again = batch.add(RedisCommand::new("HLEN", "unacked"));
        assert_eq!((first, other, again), (0, 1, 0));
        assert_eq!(batch.commands().len(), 2);
    }

    #[test]
    fn a_command_is_shown_without_control_characters() {
        let command = RedisCommand::new("LLEN", "emails\u{6}\u{16}3").with("1");
        assert_eq!(command.to_string(), r"LLEN `emails\u{6}\u{16}3`");
    }
}
