//! What finding AWS credentials may use of this machine: our environment, its files, its programs
//! and HTTP.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqsign_core::{CommandExecute, CommandOutput, Context, Env, FileRead, HttpSend};
use reqwest::Client;

use crate::schemes::program;
use crate::value::MAX_DOCUMENT_BYTES;
use crate::{Environment, Problem};

/// How long the machine is waited for: off AWS, nobody answers at the address of its metadata.
const PATIENCE: Duration = Duration::from_secs(3);

/// The variables that the library wants to see as a map.
const VARIABLES: [&str; 17] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// What the library works with.
pub(super) fn context(environment: &Arc<dyn Environment>) -> Result<Context, Problem> {
    let client = cowrie_http::client(&cowrie_http::Options::new(PATIENCE))?;
    let machine = Machine { environment: Arc::clone(environment), client };
    Ok(Context::new()
        .with_env(machine.clone())
        .with_file_read(machine.clone())
        .with_command_execute(machine.clone())
        .with_http_send(machine))
}

#[derive(Clone)]
struct Machine {
    environment: Arc<dyn Environment>,
    client: Client,
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Machine")
    }
}

impl Env for Machine {
    fn var(&self, key: &str) -> Option<String> {
        self.environment.variable(key)?.into_string().ok()
    }

    fn vars(&self) -> HashMap<String, String> {
        let set = |name: &&str| Some(((*name).to_owned(), self.var(name)?));
        VARIABLES.iter().filter_map(set).collect()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        self.environment.variable("HOME").map(PathBuf::from)
    }
}

impl FileRead for Machine {
    async fn file_read(&self, path: &str) -> reqsign_core::Result<Vec<u8>> {
        std::fs::read(path).map_err(|error| failure("failed to read a file", error))
    }
}

impl HttpSend for Machine {
    async fn http_send(
        &self,
        request: http::Request<Bytes>,
    ) -> reqsign_core::Result<http::Response<Bytes>> {
        let failed = |error: reqwest::Error| failure("failed to ask", error.without_url());
        let request = reqwest::Request::try_from(request).map_err(failed)?;
        let response = self.client.execute(request).await.map_err(failed)?;
        let mut answer = http::Response::new(Bytes::new());
        *answer.status_mut() = response.status();
        answer.headers_mut().clone_from(response.headers());
        let body = cowrie_http::body(response, MAX_DOCUMENT_BYTES).await;
        *answer.body_mut() = Bytes::from(body.map_err(|error| failure("no answer", error))?);
        Ok(answer)
    }
}

impl CommandExecute for Machine {
    async fn command_execute<'a>(
        &'a self,
        program: &'a str,
        words: &'a [&'a str],
    ) -> reqsign_core::Result<CommandOutput> {
        let output =
            program::output(program, words, MAX_DOCUMENT_BYTES, self.environment.as_ref()).await;
        let stdout = output.map_err(|error| failure("failed to run a program", error))?.to_vec();
        Ok(CommandOutput { status: 0, stdout, stderr: Vec::new() })
    }
}

fn failure(
    what: &str,
    cause: impl std::error::Error + Send + Sync + 'static,
) -> reqsign_core::Error {
    reqsign_core::Error::unexpected(what).with_source(cause)
}
