//! Running a program that knows a secret.

use std::ffi::OsStr;
use std::io;
use std::process::{ExitStatus, Stdio};

use secrecy::zeroize::Zeroizing;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

use crate::{Environment, Problem};

/// What programs find their own files and keys by. They inherit the environment of the process too;
/// these are of the environment that was handed in.
const PASSED_ON: [&str; 3] = ["PATH", "HOME", "GNUPGHOME"];

/// What a program printed, up to `max` bytes.
///
/// There is no shell, nothing to read for it, and what it complains about is not kept. It is
/// killed when the caller stops waiting, or when it prints more.
pub(crate) async fn output<Word: AsRef<OsStr>>(
    program: &str,
    words: &[Word],
    max: usize,
    environment: &dyn Environment,
) -> Result<Zeroizing<Vec<u8>>, Problem> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => Problem::NotInstalled { program: program.to_owned() },
        _ => Problem::Run { program: program.to_owned(), source },
    };
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.kill_on_drop(true);
    for name in PASSED_ON {
        if let Some(value) = environment.variable(name) {
            command.env(name, value);
        }
    }
    let mut child = command.spawn().map_err(failed)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(max + 1));
    if let Some(stdout) = child.stdout.take() {
        stdout.take(max as u64 + 1).read_to_end(&mut bytes).await.map_err(failed)?;
    }
    if bytes.len() > max {
        return Err(Problem::TooLong);
    }
    let status = child.wait().await.map_err(failed)?;
    if !status.success() {
        let command = shown(program, words);
        let (program, status) = (program.to_owned(), in_words(status));
        return Err(Problem::Refused { program, status, command });
    }
    Ok(bytes)
}

/// What somebody would type to see for themselves, with the output thrown away.
fn shown<Word: AsRef<OsStr>>(program: &str, words: &[Word]) -> String {
    let mut text = program.to_owned();
    for word in words {
        let word = word.as_ref().to_string_lossy();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
        text.push(' ');
        if word.chars().all(is_plain) {
            text.push_str(&word);
        } else {
            text.extend(["'", &word.replace('\'', "'\\''"), "'"]);
        }
    }
    text + " >/dev/null"
}

fn in_words(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit code {code}"),
        None => "killed by a signal".to_owned(),
    }
}
