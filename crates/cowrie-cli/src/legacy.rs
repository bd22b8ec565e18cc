//! Spellings of the legacy system: what becomes of a flag or a command that is not known here.

use std::ffi::OsString;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What becomes of a spelling.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fate {
    /// It is passed over, with a warning that says why nothing is lost.
    Ignored(&'static str),
    /// The program ends, and says what to write instead.
    Refused(&'static str),
}

/// A flag that some legacy program had.
#[derive(Clone, Copy, Debug)]
struct Flag {
    name: &'static str,
    takes_value: bool,
    fate: Fate,
}

const fn ignored(name: &'static str, takes_value: bool, why: &'static str) -> Flag {
    Flag { name, takes_value, fate: Fate::Ignored(why) }
}

const fn refused(name: &'static str, instead: &'static str) -> Flag {
    Flag { name, takes_value: false, fate: Fate::Refused(instead) }
}

/// The flags that no program defines; one that a program does define means what it says there.
const FLAGS: &[Flag] = &[
    ignored("--multiline-json", false, "events over several lines are always read"),
    ignored("--hybrid-json", false, "events over several lines are always read"),
    ignored(
        "--quarantine-threshold",
        true,
        "nothing is held back; sessions have a `risk_score` to select by",
    ),
    ignored("--cache-dir", true, "this program keeps no answers of sources on disk"),
    ignored("--db-type", true, "what `--db` names tells SQLite from PostgreSQL"),
    ignored(
        "--dshield-email",
        true,
        "this program does not ask DShield; write `email` of the sensor in `config/sensors.toml`",
    ),
    refused("--target-version", "the number of the step to stop after is `--to N`"),
    refused("--buffer-bytes", "memory is bounded without it; `--batch-size N` is what remains"),
];

/// Commands of legacy programs, and what does their work.
const COMMANDS: &[(&str, &str, &str)] = &[
    ("cowrie-db", "info", "write `cowrie-db status`"),
    (
        "cowrie-db",
        "optimize",
        "SQLite: `sqlite3 FILE 'VACUUM; ANALYZE;'`; PostgreSQL does it by itself (autovacuum)",
    ),
    ("cowrie-db", "backup", "SQLite: `sqlite3 FILE \"VACUUM INTO 'COPY'\"`; PostgreSQL: `pg_dump`"),
    (
        "cowrie-db",
        "integrity",
        "`cowrie-db check` compares the schema and `cowrie-loader verify` the events; \
         the file itself: `sqlite3 FILE 'PRAGMA integrity_check'`",
    ),
    ("cowrie-db", "cleanup-cache", "nothing fills the cache, so there is nothing to clean"),
    ("cowrie-db", "backfill", "`cowrie-loader bulk` with the logs adds the files that are missing"),
    ("cowrie-db", "sanitize", "what a database cannot hold is escaped while it is loaded"),
    ("cowrie-db", "organize", "`cowrie-loader` finds the Cowrie logs in a folder by itself"),
    ("cowrie-db", "files", "ask the table `files`; `docs/queries.md` has the questions"),
    (
        "cowrie-db",
        "analyze",
        "`cowrie-loader dead-letters list` counts what could not be read, by reason",
    ),
    (
        "cowrie-db",
        "repair",
        "`cowrie-loader verify` says what is missing, and `cowrie-loader bulk` adds it",
    ),
    ("cowrie-db", "longtail-migrate", "its tables come with `cowrie-db migrate`"),
    ("cowrie-db", "longtail-rollback", "write `cowrie-db rollback --to N`"),
    ("cowrie-db", "longtail-validate", "write `cowrie-db check`"),
    (
        "cowrie-db",
        "migrate-to-postgres",
        "load the logs: `cowrie-db migrate --db env:DATABASE_URL`, \
         then `cowrie-loader bulk --db env:DATABASE_URL PATH`",
    ),
];

/// The flags that took a key, with the key of the configuration and the variable to name there.
const KEY_FLAGS: &[(&str, &str, &str)] = &[
    ("--vt-api-key", "vtapi", "VT_API_KEY"),
    ("--urlhaus-api-key", "urlhausapi", "URLHAUS_API_KEY"),
    ("--spur-api-key", "spurapi", "SPUR_API_KEY"),
    ("--greynoise-api-key", "greynoise_api", "GREYNOISE_API_KEY"),
];

/// What to write in place of a flag that took a key, if the command line has one: with its value
/// or without, cut short as the legacy programs understood it, and also where it would be a path.
/// Its value is not looked at.
pub(crate) fn key_on(words: &[OsString]) -> Option<String> {
    let (flag, key, variable) = words.iter().skip(1).find_map(|word| {
        let word = word.to_string_lossy();
        let name = word.split('=').next().unwrap_or_default();
        KEY_FLAGS.iter().find(|(flag, ..)| is_short_for(name, flag))
    })?;
    Some(format!(
        "`{flag}` takes no key: a command line can be read by everybody on the machine; write \
         `{key} = \"env:{variable}\"` into `config/sensors.toml`, and the key into that variable"
    ))
}

/// Whether the name is the flag, or its beginning with at least the first word.
fn is_short_for(name: &str, flag: &str) -> bool {
    let first_word = flag.trim_start_matches('-').split('-').next().unwrap_or_default();
    flag.starts_with(name) && name.len() >= first_word.len() + 2
}

/// What to do about a command line that was not understood because of a legacy spelling.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Advice {
    /// End, and say this.
    End(String),
    /// Say this, and try again with these words.
    TryAgain(String, Vec<OsString>),
}

/// What is known about the flag or the command that the error is about.
pub(crate) fn advice(program: &str, error: &Error, words: &[OsString]) -> Option<Advice> {
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let name = context(error, ContextKind::InvalidSubcommand)?;
            let known = |(of, command, _): &&(&str, &str, &str)| *of == program && *command == name;
            let (_, _, instead) = COMMANDS.iter().find(known)?;
            Some(Advice::End(format!("`{program} {name}` is gone: {instead}")))
        }
        ErrorKind::UnknownArgument => {
            let name = context(error, ContextKind::InvalidArg)?;
            let flag = FLAGS.iter().find(|flag| flag.name == name)?;
            match flag.fate {
                Fate::Refused(instead) => Some(Advice::End(format!("`{name}` is gone: {instead}"))),
                Fate::Ignored(why) => {
                    let words = without(words, *flag)?;
                    Some(Advice::TryAgain(format!("`{name}` is passed over: {why}"), words))
                }
            }
        }
        _ => None,
    }
}

fn context(error: &Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text),
        _ => None,
    }
}

/// The words without the first of this flag and its value; `None` when it is not among them.
fn without(words: &[OsString], flag: Flag) -> Option<Vec<OsString>> {
    let joined = format!("{}=", flag.name);
    let is_joined = |word: &OsString| word.to_string_lossy().starts_with(&joined);
    let at = words.iter().position(|word| word == flag.name || is_joined(word))?;
    let has_value = flag.takes_value && words.get(at).is_some_and(|word| word == flag.name);
    let mut rest = words.to_vec();
    rest.drain(at..(at + 1 + usize::from(has_value)).min(words.len()));
    Some(rest)
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};

    use super::*;

    fn words(text: &str) -> Vec<OsString> {
        text.split_whitespace().map(OsString::from).collect()
    }

    fn advised(program: &'static str, text: &str) -> Option<Advice> {
        let work = Command::new("work").arg(Arg::new("path").num_args(0..));
        let command = Command::new(program).subcommand(work).subcommand_required(true);
        let error = command.try_get_matches_from(words(text)).unwrap_err();
        advice(program, &error, &words(text))
    }

    #[track_caller]
    fn check_rest(text: &str, rest: &str) {
        match advised("x", text) {
            Some(Advice::TryAgain(_, found)) => assert_eq!(found, words(rest)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_passed_over_takes_its_value_along() {
        check_rest("x work --hybrid-json a", "x work a");
        check_rest("x work --quarantine-threshold 90 a", "x work a");
        check_rest("x work --quarantine-threshold=90 a", "x work a");
        check_rest("x work a --quarantine-threshold", "x work a");
        check_rest("x --db-type sqlite work a", "x work a");
    }

    #[test]
    fn what_is_gone_has_a_successor() {
        for (program, text, part) in [
            ("x", "x work --target-version 17", "`--target-version` is gone: the number"),
            ("cowrie-db", "cowrie-db info", "`cowrie-db info` is gone: write `cowrie-db status`"),
        ] {
            match advised(program, text) {
                Some(Advice::End(text)) => assert!(text.starts_with(part), "{text}"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(advised("x", "x info"), None);
        assert_eq!(advised("x", "x work --nonsense"), None);
    }

    #[test]
    fn no_key_is_taken_in_any_form() {
        for text in [
            "x work --vt-api-key hunter2",
            "x work --vt-api-key=hunter2",
            "x work --vt-api-key",
            "x --vt-api-key hunter2 work",
            "x work -- --vt-api-key=hunter2",
            "x work --vt-api=hunter2",
            "x work --vt hunter2",
        ] {
            let said = key_on(&words(text)).unwrap();
            assert!(said.contains("`vtapi = \"env:VT_API_KEY\"`"), "{text}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
        for (flag, part) in [
            ("--urlhaus-api-key", "`urlhausapi = \"env:URLHAUS_API_KEY\"`"),
            ("--spur-api-key", "`spurapi = \"env:SPUR_API_KEY\"`"),
            ("--greynoise-api-key", "`greynoise_api = \"env:GREYNOISE_API_KEY\"`"),
        ] {
            assert!(key_on(&words(&format!("x {flag}"))).unwrap().contains(part));
        }
        for text in ["x --v", "x -v --verbose", "x work a", "x --", "x --sp", "--vt-api-key"] {
            assert_eq!(key_on(&words(text)), None, "{text}");
        }
    }
}
