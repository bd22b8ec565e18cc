//! Secrets from the real thing: AWS Secrets Manager as `moto` plays it, which checks signatures,
//! and files that `sops` encrypted for a key of `GnuPG`.
//!
//! `COWRIE_TEST_PYTHON_PACKAGES` is a folder with both Python packages; `cargo xtask test` sets it.

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{outcome, program, resolver, write};

#[expect(clippy::disallowed_methods, reason = "only the test run knows the folder")]
fn packages() -> PathBuf {
    let folder = std::env::var("COWRIE_TEST_PYTHON_PACKAGES");
    folder.expect("run the tests by `cargo xtask test`, or set the variable").into()
}

/// What the package `sops` installs as its program.
const SOPS: &str = "import sops; sops.main()";

/// The interpreter itself, whatever stands in front of it on the path.
fn python_path() -> String {
    let mut python = Command::new("python3");
    let ended = python.args(["-c", "import sys; print(sys.executable)"]).output();
    String::from_utf8(ended.unwrap().stdout).unwrap().trim().to_owned()
}

/// A server that stops when it is dropped.
struct Moto {
    url: String,
    client: Client,
    server: Child,
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

/// Two keys of an account at AWS.
struct Keys {
    id: String,
    secret: String,
}

impl Moto {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        drop(listener);
        let mut command = Command::new("python3");
        command.env("PYTHONPATH", packages());
        command
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = command.spawn().expect("python3 is not installed");
        let client = cowrie_http::client(&cowrie_http::Options::new(Duration::from_secs(10)));
        let moto =
            Self { url: format!("http://127.0.0.1:{port}"), client: client.unwrap(), server };
        let is_up = async || {
            let status = format!("{}/moto-api/", moto.url);
            while moto.client.get(&status).send().await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), is_up()).await.expect("moto did not start");
        moto
    }

    /// A question with a signature that is not looked at yet.
    async fn ask(&self, service: &str, target: Option<&str>, body: String) -> String {
        let scope =
            format!("AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-1/{service}/aws4_request");
        let mut request = self.client.post(&self.url).header("authorization", scope).body(body);
        request = match target {
            Some(target) => request
                .header("x-amz-target", target)
                .header("content-type", "application/x-amz-json-1.1"),
            None => request.header("content-type", "application/x-www-form-urlencoded"),
        };
        let response = request.send().await.unwrap().error_for_status().unwrap();
        response.text().await.unwrap()
    }

    async fn keep(&self, secret: Value) {
        let target = Some("secretsmanager.CreateSecret");
        self.ask("secretsmanager", target, secret.to_string()).await;
    }

    /// Makes a user who may read secrets, and from then on lets in only whom it knows.
    async fn lock(&self) -> Keys {
        let iam = async |action: &str| {
            self.ask("iam", None, format!("Version=2010-05-08&UserName=loader&{action}")).await
        };
        iam("Action=CreateUser").await;
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}"#;
        let policy = policy.replace('"', "%22").replace('{', "%7B").replace('}', "%7D");
        iam(&format!("Action=PutUserPolicy&PolicyName=read&PolicyDocument={policy}")).await;
        let answer = iam("Action=CreateAccessKey").await;
        let between = |open: &str, close: &str| {
            answer.split_once(open).unwrap().1.split_once(close).unwrap().0.to_owned()
        };
        let keys = Keys {
            id: between("<AccessKeyId>", "</AccessKeyId>"),
            secret: between("<SecretAccessKey>", "</SecretAccessKey>"),
        };
        let reset = format!("{}/moto-api/reset-auth", self.url);
        self.client.post(reset).body("0").send().await.unwrap().error_for_status().unwrap();
        keys
    }

    /// What comes of the reference for somebody with those keys.
    async fn read(&self, keys: &Keys, reference: &str) -> String {
        let variables = [
            ("AWS_ACCESS_KEY_ID", keys.id.as_str()),
            ("AWS_SECRET_ACCESS_KEY", &keys.secret),
            ("AWS_ENDPOINT_URL", &self.url),
            ("AWS_REGION", "eu-west-1"),
        ];
        outcome(&resolver(variables), reference).await
    }
}

#[tokio::test]
async fn secrets_of_aws_are_read_with_signatures_that_hold() {
    let moto = Moto::start().await;
    moto.keep(json!({ "Name": "plain", "SecretString": "s3cret" })).await;
    let fields = r#"{"password": "of json", "nested": {"port": 5432}}"#;
    moto.keep(json!({ "Name": "prod/db", "SecretString": fields })).await;
    moto.keep(json!({ "Name": "binary", "SecretBinary": "czNjcmV0IQ==" })).await;
    let keys = moto.lock().await;

    for (reference, secret) in [
        ("aws-sm://plain", "s3cret"),
        ("aws-sm://eu-west-1/plain", "s3cret"),
        ("aws-sm://prod/db#password", "of json"),
        ("aws-sm://eu-west-1/prod/db#nested.port", "5432"),
        ("aws-sm://binary", "s3cret!"),
    ] {
        assert_eq!(moto.read(&keys, reference).await, secret, "{reference}");
    }
    let service = "failed to resolve `REF`: AWS Secrets Manager refused";
    for reference in ["aws-sm://nothing", "aws-sm://us-east-1/plain"] {
        let found = moto.read(&keys, reference).await;
        assert_eq!(found, format!("{service}: there is no such secret in this region"));
    }
    let wrong = Keys { id: keys.id.clone(), secret: "hunter2".to_owned() };
    let found = moto.read(&wrong, "aws-sm://plain").await;
    assert!(found.starts_with(service) && !found.contains("hunter2"), "{found}");
    let nobody = Keys { id: "AKNOBODY".to_owned(), secret: "hunter2".to_owned() };
    let found = moto.read(&nobody, "aws-sm://plain").await;
    assert!(found.starts_with(&format!("{service}: the credentials are not valid")), "{found}");
}

#[tokio::test]
async fn credentials_of_aws_are_found_in_shared_files_or_nowhere() {
    let moto = Moto::start().await;
    moto.keep(json!({ "Name": "plain", "SecretString": "s3cret" })).await;
    let keys = moto.lock().await;
    let home = TempDir::new().unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    let file = format!(
        "[honeypot]\naws_access_key_id = {}\naws_secret_access_key = {}\n",
        keys.id, keys.secret
    );
    write(home.path(), ".aws/credentials", file.as_bytes(), 0o600);
    let variables = |profile: &'static str| {
        [
            ("HOME", home.path().as_os_str().to_owned()),
            ("AWS_PROFILE", OsString::from(profile)),
            ("AWS_ENDPOINT_URL", OsString::from(&moto.url)),
            ("AWS_EC2_METADATA_DISABLED", OsString::from("true")),
        ]
    };
    let reference = "aws-sm://eu-west-1/plain";
    assert_eq!(outcome(&resolver(variables("honeypot")), reference).await, "s3cret");
    let found = outcome(&resolver(variables("other")), reference).await;
    assert!(found.starts_with("failed to resolve `REF`: there are no AWS credentials"), "{found}");
    let nowhere = outcome(&resolver(variables("honeypot")), "aws-sm://plain").await;
    assert!(nowhere.contains("there is no region"), "{nowhere}");
}

/// A key ring with one key, a `PATH` with `sops`, and the folder of both.
struct Keyring {
    folder: TempDir,
    path: OsString,
    fingerprint: String,
}

impl Keyring {
    fn new() -> Self {
        let packages = packages();
        let script = format!(
            "PYTHONPATH='{}' exec '{}' -c '{SOPS}' \"$@\"",
            packages.display(),
            python_path()
        );
        let (folder, path) = program("sops", &script);
        let mut gpg = Self::gpg(folder.path());
        gpg.args([
            "--batch",
            "--passphrase",
            "",
            "--quick-gen-key",
            "loader",
            "default",
            "default",
        ]);
        let made = gpg.output().expect("gpg is not installed");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let listed = Self::gpg(folder.path()).args(["--list-keys", "--with-colons"]).output();
        let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
        let line = listed.lines().find(|line| line.starts_with("fpr:")).unwrap();
        let fingerprint = line.split(':').nth(9).unwrap().to_owned();
        Self { folder, path, fingerprint }
    }

    fn gpg(home: &Path) -> Command {
        let mut gpg = Command::new("gpg");
        gpg.arg("--homedir").arg(home);
        gpg
    }

    /// Encrypts a file in place.
    fn encrypt(&self, name: &str, text: &str) -> String {
        let path = write(self.folder.path(), name, text.as_bytes(), 0o600);
        let mut sops = Command::new(self.folder.path().join("sops"));
        sops.env("GNUPGHOME", self.folder.path());
        sops.args(["--encrypt", "--in-place", "--pgp", &self.fingerprint]).arg(&path);
        let ended = sops.output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        assert!(!std::fs::read_to_string(&path).unwrap().contains("s3cret"));
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        let agent = Command::new("gpgconf")
            .arg("--homedir")
            .arg(self.folder.path())
            .args(["--kill", "all"])
            .status();
        assert!(agent.unwrap().success(), "the agent of the key ring goes on");
    }
}

#[tokio::test]
async fn files_of_sops_are_decrypted() {
    let keyring = Keyring::new();
    let yaml = keyring.encrypt("db.yaml", "db:\n  password: s3cret\n  port: 5432\n");
    let json = keyring.encrypt("db.json", "{\"password\": \"s3cret of json\"}");
    let resolver = resolver([
        ("PATH", keyring.path.clone()),
        ("GNUPGHOME", keyring.folder.path().as_os_str().to_owned()),
    ]);
    for (reference, secret) in [
        (format!("sops://{yaml}#db.password"), "s3cret"),
        (format!("sops://{yaml}#db.port"), "5432"),
        (format!("sops://{json}#password"), "s3cret of json"),
    ] {
        assert_eq!(outcome(&resolver, &reference).await, secret, "{reference}");
    }
    let whole = outcome(&resolver, &format!("sops://{yaml}")).await;
    assert!(whole.contains("password: s3cret"), "{whole}");
    let found = outcome(&resolver, "sops:///no/such/file.yaml#a").await;
    assert!(found.starts_with("failed to resolve `REF`: `sops` failed (exit code "), "{found}");
}
