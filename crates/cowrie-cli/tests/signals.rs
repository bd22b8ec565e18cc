//! Signals, seen from outside: the example `stoppable` is started and stopped.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers too")]

use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

/// `cargo test` builds examples beside the tests.
fn stoppable() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples/stoppable")
}

struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(milliseconds: &str) -> Self {
        let mut child =
            Command::new(stoppable()).arg(milliseconds).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut running = Self { child, lines };
        running.expect_line("working");
        running
    }

    #[track_caller]
    fn expect_line(&mut self, expected: &str) {
        assert_eq!(self.lines.next().unwrap().unwrap(), expected);
    }

    fn send(&self, signal: &str) {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
    }

    /// What it still printed, and its exit code.
    fn end(mut self) -> (Vec<String>, Option<i32>) {
        let rest = self.lines.map(Result::unwrap).collect();
        (rest, self.child.wait().unwrap().code())
    }
}

#[track_caller]
fn check_first(signal: &str, code: i32) {
    let running = Running::start("10");
    running.send(signal);
    let expected = ["stopping", "committed"].map(str::to_owned).to_vec();
    assert_eq!(running.end(), (expected, Some(code)));
}

#[test]
fn the_first_signal_lets_the_program_finish() {
    check_first("-INT", 130);
    check_first("-TERM", 143);
}

#[track_caller]
fn check_second(first: &str, second: &str, code: i32) {
    let mut running = Running::start("600000");
    running.send(first);
    running.expect_line("stopping");
    running.send(second);
    assert_eq!(running.end(), (Vec::new(), Some(code)));
}

#[test]
fn the_second_signal_ends_it_at_once() {
    check_second("-INT", "-INT", 130);
    check_second("-TERM", "-TERM", 143);
    check_second("-INT", "-TERM", 143);
}
