//! How far a run has got: a bar on a terminal, a line now and then elsewhere.

use std::io;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tracing::info;

use crate::args::When;
use crate::table::thousands;
use crate::terminal::{self, PretendedTerminal};

/// What is done so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// Bytes of input that were read, as they are on disk.
    pub bytes: u64,
    /// Events that were read.
    pub events: u64,
    /// Pieces of input that are no event.
    pub rejects: u64,
}

/// Shows how far a run has got.
#[derive(Debug)]
pub struct Progress {
    shape: Shape,
    total_bytes: Option<u64>,
    started: Instant,
}

#[derive(Debug)]
enum Shape {
    Silent,
    Bar {
        bar: ProgressBar,
        /// The width of the terminal that it was made for.
        width: AtomicU16,
    },
    /// The time of the next line.
    Lines {
        interval: Duration,
        next: Mutex<Instant>,
    },
}

/// Between two lines where there is no terminal.
pub const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// How often a bar is drawn, in a second.
const DRAWS_PER_SECOND: u8 = 10;

/// The bar that messages go around; there is one standard error, so there is one bar.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

impl Progress {
    /// Starts to show progress; without `total_bytes` nobody knows how much there is to do.
    ///
    /// A bar is shown on a terminal, or always when that is wished. Elsewhere a line is logged
    /// every `interval`, usually [`LINE_INTERVAL`].
    pub fn start(when: When, total_bytes: Option<u64>, interval: Duration) -> Self {
        let target = match (when, terminal::stderr_can_draw()) {
            (When::Never, _) => return Self::of(Shape::Silent, total_bytes),
            (When::Auto, false) => {
                let next = Mutex::new(Instant::now() + interval);
                return Self::of(Shape::Lines { interval, next }, total_bytes);
            }
            (_, true) => ProgressDrawTarget::stderr_with_hz(DRAWS_PER_SECOND),
            (When::Always, false) => {
                let pretended = PretendedTerminal::new(io::stderr());
                ProgressDrawTarget::term_like_with_hz(Box::new(pretended), DRAWS_PER_SECOND)
            }
        };
        let width = terminal::stderr_width();
        let bar = ProgressBar::with_draw_target(total_bytes, target);
        bar.set_style(style(total_bytes, width));
        *BAR.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        Self::of(Shape::Bar { bar, width: AtomicU16::new(width) }, total_bytes)
    }

    /// Says what is done so far. Cheap enough for every batch.
    pub fn update(&self, done: Counters) {
        match &self.shape {
            Shape::Silent => {}
            Shape::Bar { bar, width } => {
                let now = terminal::stderr_width();
                if width.swap(now, Ordering::Relaxed) != now {
                    bar.set_style(style(self.total_bytes, now));
                }
                bar.set_message(counted(done));
                bar.set_position(done.bytes);
            }
            Shape::Lines { interval, next } => {
                let now = Instant::now();
                let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
                if now >= *next {
                    *next = now + *interval;
                    drop(next);
                    self.log(done);
                }
            }
        }
    }

    /// Takes the bar away.
    pub fn finish(self) {
        if let Shape::Bar { bar, .. } = &self.shape {
            bar.finish_and_clear();
        }
    }

    fn of(shape: Shape, total_bytes: Option<u64>) -> Self {
        Self { shape, total_bytes, started: Instant::now() }
    }

    fn log(&self, done: Counters) {
        let line = line(done, self.total_bytes, self.started.elapsed());
        info!(
            progress.bytes = done.bytes,
            progress.total_bytes = self.total_bytes,
            progress.events = done.events,
            progress.rejects = done.rejects,
            "{line}"
        );
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Shape::Bar { bar, .. } = &self.shape {
            bar.finish_and_clear();
            *BAR.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }
}

/// Does something that writes to standard error, with the bar out of the way.
pub(crate) fn without_bar<T>(write: impl FnOnce() -> T) -> T {
    let bar = BAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// How a bar looks in so many cells: what does not fit is left out, least important first, so that
/// it stays on one line.
fn style(total_bytes: Option<u64>, width: u16) -> ProgressStyle {
    let template = match (total_bytes, width) {
        (Some(_), 110..) => {
            "{bar:24} {percent:>3}% {bytes}/{total_bytes} {bytes_per_sec} eta {eta} {wide_msg}"
        }
        (Some(_), 72..) => "{wide_bar} {percent:>3}% {bytes_per_sec} eta {eta} {msg}",
        (Some(_), _) => "{percent:>3}% {wide_msg}",
        (None, 72..) => "{spinner} {bytes} {bytes_per_sec} {elapsed} {wide_msg}",
        (None, _) => "{spinner} {wide_msg}",
    };
    // A test draws with all templates, so that the plain style is never needed.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn counted(done: Counters) -> String {
    format!("{} events, {} rejects", thousands(done.events), thousands(done.rejects))
}

/// One line for a log.
fn line(done: Counters, total_bytes: Option<u64>, elapsed: Duration) -> String {
    let rate = per_second(done.bytes, elapsed);
    let read = HumanBytes(done.bytes);
    let place = match total_bytes {
        Some(total) => {
            let left = total.saturating_sub(done.bytes);
            let eta = match left.checked_div(rate) {
                Some(seconds) => HumanDuration(Duration::from_secs(seconds)).to_string(),
                None => "unknown".to_owned(),
            };
            format!("{read} of {} at {}/s, {eta} left", HumanBytes(total), HumanBytes(rate))
        }
        None => format!("{read} at {}/s", HumanBytes(rate)),
    };
    format!("{place}, {}", counted(done))
}

/// Whole units a second.
fn per_second(amount: u64, elapsed: Duration) -> u64 {
    let milliseconds = elapsed.as_millis().max(1);
    let rate = u128::from(amount) * 1000 / milliseconds;
    u64::try_from(rate).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::Arc;

    use super::*;

    #[track_caller]
    fn check(bytes: u64, total: Option<u64>, seconds: u64, expected: &str) {
        let done = Counters { bytes, events: 12_345, rejects: 3 };
        assert_eq!(line(done, total, Duration::from_secs(seconds)), expected);
    }

    #[test]
    fn a_line_says_how_far_how_fast_and_how_long() {
        check(
            10 << 20,
            Some(40 << 20),
            10,
            "10.00 MiB of 40.00 MiB at 1.00 MiB/s, 30 seconds left, 12,345 events, 3 rejects",
        );
        check(
            0,
            Some(1024),
            10,
            "0 B of 1.00 KiB at 0 B/s, unknown left, 12,345 events, 3 rejects",
        );
        check(
            2048,
            Some(1024),
            2,
            "2.00 KiB of 1.00 KiB at 1.00 KiB/s, 0 seconds left, 12,345 events, 3 rejects",
        );
        check(2048, None, 2, "2.00 KiB at 1.00 KiB/s, 12,345 events, 3 rejects");
        check(u64::MAX, None, 0, "16.00 EiB at 16.00 EiB/s, 12,345 events, 3 rejects");
    }

    #[derive(Clone, Debug, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[track_caller]
    fn check_bar(total_bytes: Option<u64>, width: u16, expected: &[&str]) {
        let paper = Paper::default();
        let pretended = PretendedTerminal::new(paper.clone());
        let target = ProgressDrawTarget::term_like(Box::new(pretended));
        let bar = ProgressBar::with_draw_target(total_bytes, target);
        bar.set_style(style(total_bytes, width));
        // A test has no terminal, and is told of none.
        let width = AtomicU16::new(terminal::stderr_width());
        let progress = Progress::of(Shape::Bar { bar, width }, total_bytes);
        progress.update(Counters { bytes: 512, events: 1000, rejects: 2 });
        progress.finish();
        let drawn = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        for part in expected {
            assert!(drawn.contains(part), "{part}: {drawn:?}");
        }
    }

    #[test]
    fn a_bar_shows_the_same() {
        let counted = "1,000 events, 2 rejects";
        check_bar(Some(1024), 120, &["512 B/1.00 KiB", "50%", "eta", counted]);
        check_bar(Some(1024), 80, &["░", " 50% ", "eta", counted]);
        check_bar(Some(1024), 40, &[" 50% 1,000 events, 2 rejects"]);
        check_bar(None, 80, &["512 B ", counted]);
        check_bar(None, 40, &[counted]);
    }

    #[test]
    fn lines_come_at_their_interval() {
        let next = Mutex::new(Instant::now());
        let interval = Duration::from_hours(1);
        let progress = Progress::of(Shape::Lines { interval, next }, None);
        let time_of = |progress: &Progress| match &progress.shape {
            Shape::Lines { next, .. } => *next.lock().unwrap(),
            other => panic!("{other:?}"),
        };
        let before = time_of(&progress);
        progress.update(Counters::default());
        let after = time_of(&progress);
        assert!(after >= before + interval);
        progress.update(Counters::default());
        assert_eq!(time_of(&progress), after);
    }

    #[test]
    fn never_shows_nothing() {
        let progress = Progress::start(When::Never, Some(1), LINE_INTERVAL);
        assert!(matches!(progress.shape, Shape::Silent));
        progress.update(Counters::default());
        progress.finish();
        assert_eq!(without_bar(|| 7), 7);
    }
}
