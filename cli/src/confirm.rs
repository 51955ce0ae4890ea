//! Asking an operator to type a name, so that the wrong fleet is not engaged, and the wrong database is not restarted.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::error::CommandError;

/// Hands shake at three in the morning.
const TRIES: usize = 3;

/// Refused where the question could not be answered. `noun` is what has a name: `fleet`, `database`.
pub(crate) fn needs_terminal(noun: &'static str, instead: &'static str) -> Result<(), CommandError> {
    if io::stdin().is_terminal() { Ok(()) } else { Err(CommandError::NoTerminal { noun, instead }) }
}

/// Asks at the terminal.
pub(crate) fn confirm(noun: &'static str, name: &str, to: &str) -> Result<(), CommandError> {
    typed(noun, name, to, &mut io::stdin().lock(), &mut io::stderr())
}

fn typed(
    noun: &'static str,
    name: &str,
    to: &str,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> Result<(), CommandError> {
    let mut question = format!("\nType the {noun}'s name, {name}, to {to}: ");
    for _ in 0..TRIES {
        // A terminal that cannot be written to is read all the same.
        let _ = write!(output, "{question}").and_then(|()| output.flush());
        let mut line = String::new();
        match input.read_line(&mut line) {
            Ok(0) | Err(_) => break,
            Ok(_) if !name.is_empty() && line.trim() == name => return Ok(()),
            Ok(_) => question = format!("`{}` is not `{name}`. Type it again, or Ctrl-C: ", line.trim()),
        }
    }
    Err(CommandError::NotConfirmed { noun, name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(typing: &str) -> (bool, String) {
        let mut shown = Vec::new();
        let answered = typed("fleet", "shop", "engage `max`", &mut typing.as_bytes(), &mut shown);
        (answered.is_ok(), String::from_utf8(shown).expect("UTF-8"))
    }

    #[test]
    fn only_the_fleets_name_confirms() {
        let question = "\nType the fleet's name, shop, to engage `max`: ";
        assert_eq!(asked("shop\n"), (true, question.to_owned()));
        assert!(asked("  shop \r\n").0);
        assert!(!asked("").0);
        for wrong in ["y\n", "yes\n", "\n", "Shop\n", "shop-prod\n"] {
            assert!(!asked(wrong).0, "{wrong}");
        }
    }

    #[test]
    fn a_slip_may_be_typed_again_twice() {
        let (confirmed, shown) = asked("shpo\nshop\n");
        assert!(confirmed && shown.ends_with("`shpo` is not `shop`. Type it again, or Ctrl-C: "), "{shown}");
        assert!(asked("a\nb\nshop\n").0 && !asked("a\nb\nc\nshop\n").0);
    }

    #[test]
    fn what_has_no_name_is_confirmed_by_nothing() {
        assert!(typed("fleet", "", "restore", &mut "\n\n\n".as_bytes(), &mut Vec::new()).is_err());
    }
}
