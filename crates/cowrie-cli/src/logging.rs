//! Messages of the programs and their libraries, on standard error.

use std::fmt;
use std::io::{self, Write};

use tracing::Subscriber;
use tracing::field::Field;
use tracing_subscriber::filter::{EnvFilter, ParseError};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::prelude::*;
use tracing_subscriber::util::TryInitError;

use crate::args::{LogFormat, OutputArgs};
use crate::{progress, safe, terminal};

/// Logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// `RUST_LOG` is damaged.
    #[error("failed to read the filter `{filter}` of RUST_LOG")]
    Filter {
        /// The filter.
        filter: String,
        /// Why.
        source: ParseError,
    },
    /// Logging was started before.
    #[error("failed to start logging")]
    Start(#[from] TryInitError),
}

/// Starts logging for the whole program.
pub fn init(output: &OutputArgs) -> Result<(), LogError> {
    let is_terminal = terminal::stderr_is_terminal();
    let options = LogOptions {
        format: output.log_format,
        filter: filter_of(output),
        has_color: terminal::has_color(output, is_terminal),
        // A terminal is watched while it happens; a file is read later.
        has_time: !is_terminal,
    };
    subscriber(&options, io::stderr)?.try_init()?;
    Ok(())
}

/// How messages look.
#[derive(Clone, Debug)]
struct LogOptions {
    format: LogFormat,
    filter: String,
    has_color: bool,
    has_time: bool,
}

/// `RUST_LOG`, else by `-q` and `-v`: our own messages first, those of libraries last.
fn filter_of(output: &OutputArgs) -> String {
    if let Some(filter) = output.log_filter.as_ref().filter(|filter| !filter.is_empty()) {
        return filter.clone();
    }
    let filter = match (output.quiet, output.verbose) {
        (true, _) => "error",
        (false, 0) => "warn,cowrie=info",
        (false, 1) => "warn,cowrie=debug",
        (false, 2) => "info,cowrie=trace",
        (false, _) => "trace",
    };
    filter.to_owned()
}

fn subscriber<Sink>(
    options: &LogOptions,
    sink: Sink,
) -> Result<impl Subscriber + Send + Sync + 'static, LogError>
where
    Sink: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&options.filter)
        .map_err(|source| LogError::Filter { filter: options.filter.clone(), source })?;
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(BetweenBars { sink, format: options.format })
        .with_ansi(options.has_color);
    let layer = match (options.format, options.has_time) {
        (LogFormat::Json, _) => layer.json().flatten_event(true).boxed(),
        (LogFormat::Human, true) => layer.with_target(false).fmt_fields(safe_fields()).boxed(),
        (LogFormat::Human, false) => {
            layer.with_target(false).without_time().fmt_fields(safe_fields()).boxed()
        }
    };
    Ok(tracing_subscriber::registry().with(filter).with(layer))
}

/// Fields whose values are harmless for a terminal, whoever wrote them and in whatever way.
fn safe_fields() -> impl for<'writer> tracing_subscriber::fmt::FormatFields<'writer> + 'static {
    use tracing_subscriber::field::MakeExt;

    debug_fn(|writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug| {
        let text = format!("{value:?}");
        let text = safe::terminal(&text);
        match field.name() {
            "message" => write!(writer, "{text}"),
            name => write!(writer, "{name}={text}"),
        }
    })
    .delimited(" ")
}

/// Takes the progress bar away while a message is written, and puts it back below.
struct BetweenBars<Sink> {
    sink: Sink,
    format: LogFormat,
}

struct BetweenBarsWriter<Inner> {
    inner: Inner,
    format: LogFormat,
}

impl<'a, Sink: MakeWriter<'a>> MakeWriter<'a> for BetweenBars<Sink> {
    type Writer = BetweenBarsWriter<Sink::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        BetweenBarsWriter { inner: self.sink.make_writer(), format: self.format }
    }
}

impl<Inner: Write> Write for BetweenBarsWriter<Inner> {
    /// The subscriber hands over whole lines, one for each message.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        let safe_line = match self.format {
            // JSON escapes only a part of what a terminal obeys.
            LogFormat::Json => safe::json_line(&text),
            // The fields are safe, and the colours between them are meant.
            LogFormat::Human => text,
        };
        progress::without_bar(|| self.inner.write_all(safe_line.as_bytes()))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex, PoisonError};

    use clap::Parser;
    use tracing::{debug, error, info, info_span, warn};

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        output: OutputArgs,
    }

    fn filter(words: &str) -> String {
        filter_of(&Program::parse_from(words.split_whitespace()).output)
    }

    #[test]
    fn flags_choose_the_level_unless_rust_log_does() {
        assert_eq!(filter("program --log-filter="), "warn,cowrie=info");
        assert_eq!(filter("program --log-filter= -q"), "error");
        assert_eq!(filter("program --log-filter= -v"), "warn,cowrie=debug");
        assert_eq!(filter("program --log-filter= -vv"), "info,cowrie=trace");
        assert_eq!(filter("program --log-filter= -vvv"), "trace");
        assert_eq!(filter("program --log-filter=sqlx=debug -q"), "sqlx=debug");
    }

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(options: &LogOptions, talk: impl FnOnce()) -> String {
        let paper = Paper::default();
        let sink = paper.clone();
        let subscriber = subscriber(options, move || sink.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, talk);
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn plain(format: LogFormat) -> LogOptions {
        let filter = "warn,cowrie=info".to_owned();
        LogOptions { format, filter, has_color: false, has_time: false }
    }

    #[test]
    fn people_read_sentences_with_fields() {
        let text = written(&plain(LogFormat::Human), || {
            info!(load.events = 14, path = "a b", "loaded {} events", 14);
            debug!("not shown");
            warn!(target: "sqlx", "shown");
            info!(target: "sqlx", "not shown");
            let _span = info_span!("load.file", file = "x").entered();
            error!("inside");
        });
        assert_eq!(
            text.lines().map(str::trim_start).collect::<Vec<_>>(),
            [
                "INFO loaded 14 events load.events=14 path=\"a b\"",
                "WARN shown",
                "ERROR load.file{file=\"x\"}: inside",
            ]
        );
    }

    /// Everything that a terminal must not get, in every place where it may come in.
    fn attack() {
        let text = "\x1b[2J\r\n\u{9b}2J\u{202e}\u{7f}";
        let cause = io::Error::other(text);
        let _span = info_span!("span", shown = %text, debugged = ?text).entered();
        info!(shown = %text, debugged = ?text, error = &cause as &dyn std::error::Error, "said {text}");
    }

    #[test]
    fn attackers_do_not_reach_the_terminal() {
        for format in [LogFormat::Human, LogFormat::Json] {
            let text = written(&plain(format), attack);
            assert_eq!(text.matches('\n').count(), 1, "{text:?}");
            let line = text.trim_end();
            assert_eq!(safe::terminal(line), line);
        }
        let coloured = written(&LogOptions { has_color: true, ..plain(LogFormat::Human) }, attack);
        assert!(!coloured.contains("\x1b[2J") && !coloured.contains('\u{9b}'), "{coloured:?}");
        assert!(coloured.contains("\x1b["), "{coloured:?}");
    }

    #[test]
    fn programs_read_json() {
        let text = written(&plain(LogFormat::Json), attack);
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["message"], "said \x1b[2J\r\n\u{9b}2J\u{202e}\u{7f}");
        assert_eq!(line["level"], "INFO");
        assert!(line["timestamp"].is_string());
    }

    #[test]
    fn a_time_is_written_where_it_is_read_later() {
        let options = LogOptions { has_time: true, ..plain(LogFormat::Human) };
        let text = written(&options, || info!("x"));
        assert!(text.starts_with("20") && text.trim_end().ends_with("INFO x"), "{text}");
    }

    #[test]
    fn a_damaged_filter_is_named() {
        let options = LogOptions { filter: "a=b=c".to_owned(), ..plain(LogFormat::Human) };
        let error = subscriber(&options, io::sink).err().unwrap();
        assert_eq!(error.to_string(), "failed to read the filter `a=b=c` of RUST_LOG");
    }
}
