//! A load on a terminal: what is drawn, how wide, in which colours, and what Ctrl-C does.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cowrie_tests::{Engine, Run, Site, enlarged, sample};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::process::Child;

/// A terminal of so many columns, seen from the side of the person.
struct Terminal {
    person: File,
    shown: Arc<Mutex<Vec<u8>>>,
    child: Child,
}

impl Terminal {
    /// Starts a run on a terminal.
    fn start(run: Run<'_>, columns: u16) -> Self {
        let person =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&person, size).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap().into_string().unwrap();
        let terminal = OpenOptions::new().read(true).write(true).open(name).unwrap();
        let person = File::from(person);
        // The last end of the terminal that is not the program's own goes with the run.
        let child = run.on_terminal(terminal).start();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (mut eyes, seen) = (person.try_clone().unwrap(), Arc::clone(&shown));
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            // Where nobody holds the other end any more, reading fails.
            while let Ok(n_bytes) = eyes.read(&mut piece) {
                seen.lock().unwrap().extend_from_slice(&piece[..n_bytes]);
            }
        });
        Self { person, shown, child }
    }

    fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    async fn wait_for(&self, part: &str) {
        let started = Instant::now();
        while !self.shown().contains(part) {
            assert!(started.elapsed() < Duration::from_mins(1), "{part}: {}", self.shown());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    fn press_ctrl_c(&mut self) {
        self.person.write_all(b"\x03").unwrap();
    }

    /// The exit code, and everything that was shown.
    async fn end(mut self) -> (Option<i32>, String) {
        let ended = tokio::time::timeout(Duration::from_mins(1), self.child.wait()).await;
        let code = ended.expect("a program on a terminal hangs").unwrap().code();
        tokio::time::sleep(Duration::from_millis(50)).await;
        (code, self.shown())
    }
}

async fn site_with(n_bytes: usize) -> Site {
    let site = Site::new(Engine::Sqlite).await;
    site.write("cowrie.json", enlarged(&sample("s-ipv6/cowrie.json"), n_bytes));
    site
}

const BULK: [&str; 5] = ["cowrie.json", "--batch-size", "1000", "--output", "report.txt"];

/// What was drawn between two movements of the cursor, without colours.
fn drawn(shown: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut rest = shown.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => {
                let end = rest.by_ref().find(char::is_ascii_alphabetic);
                if end != Some('m') {
                    pieces.push(String::new());
                }
            }
            '\r' | '\n' => pieces.push(String::new()),
            _ => pieces.last_mut().unwrap().push(c),
        }
    }
    pieces
}

#[tokio::test]
async fn a_bar_fits_into_its_terminal() {
    for (columns, parts) in [
        (120, &["MiB/", "%", "eta", "events, "][..]),
        (80, &["%", "/s", "eta", "events, "]),
        (40, &["%", "events, "]),
        (20, &["%", "events"]),
    ] {
        let site = site_with(8_000_000).await;
        let run = site.bulk(&BULK).with_variable("TERM", "xterm");
        let (code, shown) = Terminal::start(run, columns).end().await;
        assert_eq!(code, Some(0), "{shown}");
        let bars: Vec<_> = drawn(&shown).into_iter().filter(|piece| piece.contains("% ")).collect();
        assert!(!bars.is_empty(), "no bar on {columns} columns: {shown}");
        for bar in &bars {
            assert!(bar.chars().count() <= columns.into(), "{columns}: {bar}");
        }
        let last = bars.last().unwrap();
        assert!(parts.iter().all(|part| last.contains(part)), "{columns}: {last}");
        assert!(site.path("report.txt").exists());
    }
}

#[tokio::test]
async fn colours_are_for_terminals_that_have_them() {
    for (variable, value, has_colour) in
        [("TERM", "xterm", true), ("TERM", "dumb", false), ("NO_COLOR", "1", false)]
    {
        let site = site_with(1).await;
        let run = site.bulk(&["cowrie.json", "--progress=never"]).with_variable(variable, value);
        let (code, shown) = Terminal::start(run, 80).end().await;
        assert_eq!(code, Some(0), "{shown}");
        assert!(shown.contains("INFO"), "{shown}");
        assert_eq!(shown.contains('\u{1b}'), has_colour, "{variable}={value}: {shown:?}");
    }
    let site = site_with(8_000_000).await;
    let run = site.bulk(&BULK).with_variable("TERM", "dumb");
    let (code, shown) = Terminal::start(run, 80).end().await;
    assert!(code == Some(0) && !shown.contains('\u{1b}'), "a dumb terminal draws: {shown:?}");
    let site = site_with(1).await;
    for (value, has_colour) in [("1", true), ("0", false)] {
        let run = site.bulk(&["no.json", "--ignore-missing"]);
        let ended = run.with_variable("CLICOLOR_FORCE", value).ended().await;
        assert!(ended.stderr.contains("there is no log to read"), "{ended:#?}");
        assert_eq!(ended.stderr.contains('\u{1b}'), has_colour, "{value}: {ended:#?}");
    }
}

#[tokio::test]
async fn ctrl_c_stops_after_the_batch() {
    let site = site_with(60_000_000).await;
    let run = site.bulk(&BULK).with_variable("TERM", "xterm");
    let mut terminal = Terminal::start(run, 80);
    terminal.wait_for(" 1%").await;
    terminal.press_ctrl_c();
    let (code, shown) = terminal.end().await;
    assert_eq!(code, Some(130), "{shown}");
    assert!(shown.contains("stopping after this batch"), "{shown}");
    let run = "SELECT outcome || ' ' || exit_code FROM runs";
    assert_eq!(site.tables().await.lines(run).await, ["stopped 130"]);
    let report = std::fs::read_to_string(site.path("report.txt")).unwrap();
    assert!(report.contains("stopped before the end; what was read is committed"), "{report}");
}

#[tokio::test]
async fn ctrl_c_twice_stops_at_once() {
    let site = site_with(60_000_000).await;
    let slow = ["cowrie.json", "--batch-size", "1000000", "--output", "report.txt"];
    let run = site.bulk(&slow).with_variable("TERM", "xterm");
    let mut terminal = Terminal::start(run, 80);
    terminal.wait_for("%").await;
    terminal.press_ctrl_c();
    terminal.wait_for("stopping after this batch").await;
    terminal.press_ctrl_c();
    let pressed = Instant::now();
    let (code, shown) = terminal.end().await;
    assert_eq!(code, Some(130), "{shown}");
    assert!(pressed.elapsed() < Duration::from_secs(5), "it took {:?}", pressed.elapsed());
    let left = std::fs::read_dir(site.path("")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".new")), "{left:?}");
}
