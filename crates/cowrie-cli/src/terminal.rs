//! What standard error is, and a terminal that is only pretended.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::TermLike;

use crate::args::{OutputArgs, When};

/// Whether standard error is a terminal.
pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Whether `TERM` said that the terminal obeys nothing but line breaks.
static IS_DUMB: AtomicBool = AtomicBool::new(false);

/// Remembers what `TERM` said.
pub(crate) fn set_dumb(is_dumb: bool) {
    IS_DUMB.store(is_dumb, Ordering::Relaxed);
}

/// Whether a bar can be drawn on standard error.
pub(crate) fn stderr_can_draw() -> bool {
    stderr_is_terminal() && !IS_DUMB.load(Ordering::Relaxed)
}

/// How many cells a line of standard error has.
pub(crate) fn stderr_width() -> u16 {
    terminal_size::terminal_size_of(io::stderr()).map_or(WIDTH, |(width, _)| width.0)
}

/// Whether messages are coloured. A flag beats `NO_COLOR`, which beats `CLICOLOR_FORCE`, which
/// beats the terminal.
pub(crate) fn has_color(output: &OutputArgs, is_terminal: bool) -> bool {
    let is_refused = output.no_color.as_ref().is_some_and(|value| !value.is_empty());
    let is_forced = output.clicolor_force.as_ref().is_some_and(|v| !v.is_empty() && v != "0");
    match output.color {
        When::Always => true,
        When::Never => false,
        When::Auto if is_refused => false,
        When::Auto => is_forced || (is_terminal && !output.is_dumb()),
    }
}

/// Writes what a terminal would get, whether or not there is one.
#[derive(Debug)]
pub(crate) struct PretendedTerminal<Sink> {
    sink: Mutex<Sink>,
}

/// The width of a terminal that nobody can be asked about.
const WIDTH: u16 = 80;

impl<Sink: Write> PretendedTerminal<Sink> {
    pub(crate) fn new(sink: Sink) -> Self {
        Self { sink: Mutex::new(sink) }
    }

    fn sink(&self) -> MutexGuard<'_, Sink> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the cursor by an ANSI control sequence (ECMA-48: CUU, CUD, CUF, CUB).
    fn go(&self, n: usize, direction: char) -> io::Result<()> {
        if n == 0 { Ok(()) } else { write!(self.sink(), "\x1b[{n}{direction}") }
    }
}

impl<Sink: Write + Send + std::fmt::Debug> TermLike for PretendedTerminal<Sink> {
    fn width(&self) -> u16 {
        WIDTH
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.go(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.go(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.go(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.go(n, 'D')
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        writeln!(self.sink(), "{line}")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.sink().write_all(text.as_bytes())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.sink().write_all(b"\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        self.sink().flush()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        output: OutputArgs,
    }

    #[test]
    fn colour_is_decided_by_flag_then_variable_then_terminal() {
        // What the test itself is run under has no say.
        for (no_color, force, term, flag, on_terminal, elsewhere) in [
            ("", "", "xterm", "auto", true, false),
            ("1", "", "xterm", "auto", false, false),
            ("1", "", "xterm", "always", true, true),
            ("", "1", "xterm", "never", false, false),
            ("", "1", "xterm", "auto", true, true),
            ("", "0", "xterm", "auto", true, false),
            ("1", "1", "xterm", "auto", false, false),
            ("", "", "dumb", "auto", false, false),
            ("", "1", "dumb", "auto", true, true),
            ("", "", "dumb", "always", true, true),
        ] {
            let words = [
                "program".to_owned(),
                format!("--no-color={no_color}"),
                format!("--clicolor-force={force}"),
                format!("--term={term}"),
                format!("--color={flag}"),
            ];
            let output = Program::parse_from(&words).output;
            assert_eq!(
                (has_color(&output, true), has_color(&output, false)),
                (on_terminal, elsewhere),
                "{words:?}"
            );
        }
    }

    #[test]
    fn a_pretended_terminal_gets_control_sequences() {
        let terminal = PretendedTerminal::new(Vec::new());
        terminal.write_line("a").unwrap();
        terminal.move_cursor_up(2).unwrap();
        terminal.move_cursor_down(0).unwrap();
        terminal.clear_line().unwrap();
        terminal.write_str("b").unwrap();
        terminal.flush().unwrap();
        assert_eq!(*terminal.sink(), b"a\n\x1b[2A\r\x1b[2Kb");
    }
}
