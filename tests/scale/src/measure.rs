//! Programs under measurement: time, processor time and peak memory.

use std::fs;
use std::io::Read as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

/// Between two looks at a program.
const PAUSE: Duration = Duration::from_millis(10);

/// Bytes of a mebibyte.
pub(crate) const MIB: f64 = 1_048_576.0;

/// A program that has ended, and what it took.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// What it printed.
    pub(crate) stdout: String,
    /// From start to end.
    pub(crate) elapsed: Duration,
    /// Of all its threads.
    pub(crate) processor_seconds: f64,
    /// The most memory that it had resident, in bytes.
    pub(crate) peak_memory: u64,
}

/// Runs a program to its end, which must be a good one.
pub(crate) fn run(command: &mut Command) -> Result<Ended> {
    let ended = run_for(command, None)?;
    if !ended.status.success() {
        bail!("`{}` ended with {}: {}", shown(command), ended.status, ended.stdout.trim());
    }
    Ok(ended)
}

/// Runs a program, and kills it after so long.
#[expect(clippy::disallowed_methods, reason = "nothing else runs in this program meanwhile")]
pub(crate) fn run_for(command: &mut Command, longest: Option<Duration>) -> Result<Ended> {
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let begun = Instant::now();
    let mut child = command.spawn().with_context(|| format!("could not start {command:?}"))?;
    let output = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        let read = output.map(|mut output| output.read_to_string(&mut text)).transpose();
        read.map(|_| text)
    });
    let mut seen = Seen::default();
    let status = loop {
        seen.look_at(&child);
        if let Some(status) = child.try_wait().context("failed to watch a program")? {
            break status;
        }
        if longest.is_some_and(|longest| begun.elapsed() >= longest) {
            child.kill().context("failed to kill a program")?;
        }
        std::thread::sleep(PAUSE);
    };
    let elapsed = begun.elapsed();
    let stdout = reader.join().ok().context("the reader of a program's output panicked")??;
    let Seen { processor_seconds, peak_memory } = seen;
    Ok(Ended { status, stdout, elapsed, processor_seconds, peak_memory })
}

#[derive(Default)]
struct Seen {
    processor_seconds: f64,
    peak_memory: u64,
}

impl Seen {
    /// Linux keeps the peak itself; a program that has just ended keeps what was seen last.
    fn look_at(&mut self, child: &Child) {
        let about = |what: &str| fs::read_to_string(format!("/proc/{}/{what}", child.id())).ok();
        if let Some(status) = about("status")
            && let Some(line) = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))
            && let Ok(kilobytes) = line.trim().trim_end_matches(" kB").parse::<u64>()
        {
            self.peak_memory = kilobytes * 1024;
        }
        if let Some(stat) = about("stat")
            && let Some((_, fields)) = stat.rsplit_once(") ")
        {
            // Fields 14 and 15 of all, 12 and 13 after the name: ticks in the program and for it.
            let ticks =
                fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u32>().ok());
            let ticks: u32 = ticks.sum();
            if ticks > 0 {
                self.processor_seconds = f64::from(ticks) / TICKS_PER_SECOND;
            }
        }
    }
}

/// What Linux counts processor time in, on every machine of today.
const TICKS_PER_SECOND: f64 = 100.0;

/// The program and its arguments, as one would type them.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(std::ffi::OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
