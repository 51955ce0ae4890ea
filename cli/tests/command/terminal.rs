//! A terminal of 80 columns, in which the command runs as an operator sees it.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// A command that does not say what it should is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A command at a terminal: its standard output and error, and its input.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    pub(crate) fn start(mut command: Command) -> Self {
        let control = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&control).expect("it is ours");
        unlockpt(&control).expect("it opens");
        let columns = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&control, columns).expect("it has 80 columns");
        let name = ptsname(&control, Vec::new()).expect("it has a name").into_string().expect("UTF-8");
        let open = || OpenOptions::new().read(true).write(true).open(&name).expect("its other side");
        let child = command.stdin(open()).stdout(open()).stderr(open()).spawn().expect("the command starts");
        // What the command holds of the terminal ends with it, and so does the reading.
        drop(command);
        let keyboard = File::from(control);
        let mut screen = keyboard.try_clone().expect("one more handle");
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read) = screen.read(&mut bytes) {
                if read == 0 || sender.send(bytes[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, keyboard, screen: receiver, seen: String::new() }
    }

    /// Waits until the terminal shows a text that it has not shown before.
    pub(crate) fn until(&mut self, text: &str) {
        let began = Instant::now();
        while !self.seen.contains(text) {
            let left = PATIENCE.saturating_sub(began.elapsed());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(error) => panic!("`{text}` is not shown ({error}): {}", self.seen),
            }
        }
    }

    /// Types a line.
    pub(crate) fn types(&mut self, line: &str) {
        self.keyboard.write_all(format!("{line}\n").as_bytes()).expect("the terminal takes it");
    }

    /// Everything that was shown, and the exit code.
    pub(crate) fn ends(mut self) -> (String, i32) {
        let status = self.child.wait().expect("the command ends");
        while let Ok(bytes) = self.screen.recv_timeout(Duration::from_secs(1)) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        (self.seen.replace("\r\n", "\n"), status.code().expect("the command was not killed"))
    }
}
