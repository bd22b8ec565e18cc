//! A secret that was resolved is nowhere afterwards: not in what the programs say at their most
//! talkative, nor in what they write, nor in their command lines.

use std::fs;
use std::path::Path;
use std::time::Duration;

use cowrie_tests::{Ended, Engine, Program, Run, Site, sample};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What must be nowhere. It has nothing in it that a URL would encode.
const CANARY: &str = "canary5f3759df";

/// Runs it at its most talkative, in both ways of talking, and looks for the canary in everything
/// that is left. Gives the last run.
async fn quiet(
    site: &Site,
    prepare: impl Fn() -> Run<'_>,
    variables: &[(&'static str, &str)],
) -> Ended {
    let mut last = None;
    for log_format in ["human", "json"] {
        let mut run = prepare().with_argument("--log-format").with_argument(log_format);
        for (name, value) in variables {
            run = run.with_variable(name, value);
        }
        let ended = run.with_variable("RUST_LOG", "trace").with_variable("RUST_BACKTRACE", "full");
        let ended = ended.ended().await;
        assert!(!ended.stdout.contains(CANARY), "in the results: {ended:#?}");
        assert!(!ended.stderr.contains(CANARY), "in the messages: {ended:#?}");
        assert!(ended.stderr.contains("cowrie_secrets::audit"), "no audit line: {ended:#?}");
        assert_no_file_has_it(&site.path(""), variables);
        last = Some(ended);
    }
    last.expect("there are two formats")
}

/// Every file below the folder but those that keep the secret.
fn assert_no_file_has_it(folder: &Path, variables: &[(&'static str, &str)]) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_no_file_has_it(&path, variables);
        } else if !path.to_string_lossy().contains("kept-") {
            let bytes = fs::read(&path).unwrap();
            let is_in = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
            assert!(!is_in, "in `{}`", path.display());
        }
    }
}

/// A server of PostgreSQL's protocol that wants the password in clear, and calls it wrong.
struct Refusing {
    port: u16,
    serving: JoinSet<Vec<u8>>,
}

impl Refusing {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut seen = Vec::new();
            // Until the programs are done with it; each comes with connections of its own.
            while let Ok(Ok((stream, _))) =
                tokio::time::timeout(Duration::from_secs(20), listener.accept()).await
            {
                if let Some(password) = refuse(stream).await {
                    seen = password;
                    break;
                }
            }
            // The connections that follow are refused by the system.
            seen
        });
        Self { port, serving }
    }

    /// What the last program said when it was asked for its password.
    async fn password(mut self) -> String {
        let seen = self.serving.join_next().await.expect("it serves").expect("it does not panic");
        String::from_utf8(seen).expect("the password is text")
    }
}

/// Messages are a letter, their length with itself, and what they say ("Message Formats").
async fn refuse(mut stream: TcpStream) -> Option<Vec<u8>> {
    let length = stream.read_i32().await.ok()?;
    let mut startup = vec![0; usize::try_from(length - 4).ok()?];
    stream.read_exact(&mut startup).await.ok()?;
    if startup == 80_877_103_i32.to_be_bytes() {
        // It asks for TLS first; there is none.
        stream.write_all(b"N").await.ok()?;
        let length = stream.read_i32().await.ok()?;
        startup = vec![0; usize::try_from(length - 4).ok()?];
        stream.read_exact(&mut startup).await.ok()?;
    }
    stream.write_all(b"R\0\0\0\x08\0\0\0\x03").await.ok()?;
    let _letter = stream.read_u8().await.ok()?;
    let length = stream.read_i32().await.ok()?;
    let mut password = vec![0; usize::try_from(length - 4).ok()?];
    stream.read_exact(&mut password).await.ok()?;
    let fields = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \"loader\"\0\0";
    let length = u32::try_from(fields.len() + 4).ok()?;
    stream.write_all(&[&b"E"[..], &length.to_be_bytes(), fields].concat()).await.ok()?;
    Some(password)
}

fn load<'a>(site: &'a Site, db: &str) -> Run<'a> {
    let arguments =
        ["bulk", "cowrie.json", "--status-dir", "status", "--db", db, "--format", "json"];
    site.program(Program::Loader, &arguments)
}

async fn site_with_log(engine: Engine) -> Site {
    let site = Site::new(engine).await;
    site.write("cowrie.json", sample("v2.4.0/cowrie.json"));
    fs::create_dir(site.path("status")).unwrap();
    site
}

/// The URL of the site's server, with the canary for a password. The server lets anybody in.
fn with_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (user, place) = rest.split_once('@').unwrap();
    format!("{scheme}://{}:{CANARY}@{place}", user.split(':').next().unwrap())
}

#[tokio::test]
async fn a_password_that_is_used_is_nowhere() {
    let site = site_with_log(Engine::Postgres).await;
    let url = with_password(&site.db());
    let variables = [("DATABASE_URL", url.as_str())];
    let ended = quiet(&site, || load(&site, "env:DATABASE_URL"), &variables).await;
    ended.expect(0);
    for words in [&["status"][..], &["check"]] {
        let words = [words, &["--db", "env:DATABASE_URL", "--format", "json"]].concat();
        quiet(&site, || site.program(Program::Db, &words), &variables).await.expect(0);
    }
    let contents = format!("{:?}", site.tables().await.contents().await);
    assert!(contents.contains("cowrie.json") && !contents.contains(CANARY), "in a table");
}

#[tokio::test]
async fn a_password_that_is_refused_is_nowhere() {
    for parts in ["postgresql://loader:{env:PASSWORD}@127.0.0.1", "env:DATABASE_URL"] {
        let server = Refusing::start().await;
        let site = site_with_log(Engine::Sqlite).await;
        let db = match parts {
            "env:DATABASE_URL" => parts.to_owned(),
            place => format!("{place}:{}/cowrie", server.port),
        };
        let url = format!("postgresql://loader:{CANARY}@127.0.0.1:{}/cowrie", server.port);
        let variables = [("DATABASE_URL", url.as_str()), ("PASSWORD", CANARY)];
        let ended = quiet(&site, || load(&site, &db), &variables).await;
        ended.expect(4).says(&["loader@127.0.0.1"]);
        assert!(server.password().await.starts_with(CANARY), "it was not sent: the test is blind");
    }
}

#[tokio::test]
async fn secrets_that_cannot_be_used_are_nowhere() {
    let site = site_with_log(Engine::Sqlite).await;
    let file = site.write("kept-secret", CANARY);
    let open = format!("file:{}", file.display());
    let in_braces = format!("postgresql://loader:{{{open}}}@127.0.0.1:1/c");
    let with_slash = format!("postgres://loader:{CANARY}/x@127.0.0.1/c");
    let no_server = format!("postgres://loader:{CANARY}@127.0.0.1:1/c");
    let no_tls = format!("postgres://loader:{CANARY}@127.0.0.1:1/c?sslmode=verify-full");
    for (db, value, code) in [
        ("env:SECRET", CANARY, 2),
        ("env:SECRET", with_slash.as_str(), 2),
        ("env:SECRET", no_server.as_str(), 4),
        ("env:SECRET", no_tls.as_str(), 4),
        (&open, "", 2),
        (&in_braces, "", 2),
    ] {
        let variables = [("SECRET", value)];
        let ended = quiet(&site, || load(&site, db), &variables).await;
        ended.expect(code);
    }
}

#[tokio::test]
async fn what_stores_say_is_nowhere() {
    let site = site_with_log(Engine::Sqlite).await;
    let path = format!("{}:/usr/bin:/bin", site.path("kept-programs").display());
    for name in ["op", "sops"] {
        let script = format!("#!/bin/sh\necho {CANARY}; echo {CANARY} >&2; exit 7\n");
        let program = site.write(&format!("kept-programs/{name}"), script);
        fs::set_permissions(program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let variables = [
        ("PATH", path.as_str()),
        ("VAULT_ADDR", "http://127.0.0.1:1"),
        ("VAULT_TOKEN", CANARY),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ("AWS_ACCESS_KEY_ID", "AKNOBODY"),
        ("AWS_SECRET_ACCESS_KEY", CANARY),
        ("AWS_SESSION_TOKEN", CANARY),
    ];
    for (db, said) in [
        ("op://vault/cowrie/url", "`op` failed (exit code 7)"),
        ("sops:///etc/cowrie.yaml#url", "`sops` failed (exit code 7)"),
        ("vault://secret/cowrie#url", "failed to ask Vault"),
        ("aws-sm://eu-west-1/cowrie#url", "failed to ask AWS Secrets Manager"),
    ] {
        quiet(&site, || load(&site, db), &variables).await.expect(2).says(&[said]);
    }
}

#[tokio::test]
async fn command_lines_show_references() {
    let site = site_with_log(Engine::Postgres).await;
    let url = with_password(&site.db());
    let arguments = ["delta", "--db", "env:DATABASE_URL", "--follow", "cowrie.json"];
    let run = site.program(Program::Loader, &arguments).with_variable("DATABASE_URL", &url);
    let child = run.start();
    let pid = child.id().expect("it runs");
    let command_line = fs::read(format!("/proc/{pid}/cmdline")).unwrap();
    let command_line = String::from_utf8(command_line).unwrap();
    assert!(command_line.contains("env:DATABASE_URL") && !command_line.contains(CANARY));
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(!status.contains(CANARY));
}
