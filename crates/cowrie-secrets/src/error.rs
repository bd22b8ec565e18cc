//! Why a secret could not be had.

use std::io;

use cowrie_http::{BodyError, ClientError};

use crate::Reference;
use crate::value::MAX_SECRET_BYTES;

/// A reference could not be resolved. Neither the message nor a source holds the secret.
#[derive(Debug, thiserror::Error)]
#[error("failed to resolve `{reference}`")]
pub struct ResolveError {
    /// What was to be resolved.
    pub reference: Reference,
    /// Why it was not.
    #[source]
    pub problem: Box<Problem>,
}

/// Why a reference could not be resolved.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The environment variable does not exist.
    #[error("the variable is not set")]
    NotSet,
    /// The process was not started with credentials.
    #[error("there is no credentials directory; the unit needs `LoadCredential=`")]
    NoCredentials,
    /// The file cannot be read.
    #[error("failed to read the file")]
    Read(#[source] io::Error),
    /// The path is a directory, a pipe or a device.
    #[error("this is not a regular file")]
    NotAFile,
    /// Everybody on this machine may read the file.
    #[error("everybody may read the file (mode {mode:04o}); take that away with `chmod o-rwx`")]
    WorldReadable {
        /// The permission bits.
        mode: u32,
    },
    /// The secret is longer than [`MAX_SECRET_BYTES`].
    #[error("the value is longer than {MAX_SECRET_BYTES} bytes")]
    TooLong,
    /// There is nothing in it.
    #[error("the value is empty")]
    Empty,
    /// The secret is not text.
    #[error("the value is not UTF-8")]
    NotText,
    /// The scheme asked for more than it may take.
    #[error("there was no answer within {seconds} s")]
    TimedOut {
        /// How long was waited.
        seconds: f64,
    },
    /// A program that the scheme needs is not on the path.
    #[error("the program `{program}` is not installed, or not in `PATH`")]
    NotInstalled {
        /// Its name.
        program: String,
    },
    /// A program could not be started, or its output not be read.
    #[error("failed to run `{program}`")]
    Run {
        /// Its name.
        program: String,
        /// Why.
        source: io::Error,
    },
    /// A program refused. What it said is not repeated: it may hold a secret.
    #[error("`{program}` failed ({status}); run `{command}` yourself to see why")]
    Refused {
        /// Its name.
        program: String,
        /// How it ended, in words.
        status: String,
        /// What to run; its output goes nowhere.
        command: String,
    },
    /// What should be JSON is not.
    #[error("the value is not JSON, so it has no keys; leave out what follows `#`")]
    NotJson,
    /// The JSON has no such key.
    #[error("the value has no key `{key}`")]
    NoKey {
        /// The key, as the reference has it.
        key: String,
    },
    /// A variable that says where a service is, or who asks, does not exist or cannot be used.
    #[error("{what}")]
    Setup {
        /// What is missing, and what to do.
        what: &'static str,
    },
    /// What a service needs first could not be had.
    #[error("failed to read {what}")]
    Login {
        /// What it is.
        what: &'static str,
        /// Why.
        source: Box<Problem>,
    },
    /// No client could be made.
    #[error("failed to prepare a question")]
    Client(#[from] ClientError),
    /// The service cannot be reached.
    #[error("failed to ask {service}")]
    Ask {
        /// Which service.
        service: &'static str,
        /// Why, without the URL.
        source: reqwest::Error,
    },
    /// The answer broke off, or is too long.
    #[error("failed to read the answer of {service}")]
    Answer {
        /// Which service.
        service: &'static str,
        /// Why.
        source: BodyError,
    },
    /// The service answered no.
    #[error("{service} refused: {why}")]
    Denied {
        /// Which service.
        service: &'static str,
        /// What its status means.
        why: String,
    },
    /// The service answered something else than it should.
    #[error("{service} gave an answer that cannot be read")]
    Unexpected {
        /// Which service.
        service: &'static str,
    },
    /// Nothing to sign questions with.
    #[error(
        "there are no AWS credentials: neither in the environment, nor in `~/.aws`, \
         nor from the machine"
    )]
    NoAwsCredentials,
}
