//! A Redis server of a test's own, on a free port of this machine.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use cowrie_cache::{RedisOptions, RedisTier};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// How long the server may take to answer for the first time.
const START: Duration = Duration::from_secs(20);

/// A server that ends with the test.
pub(crate) struct RedisServer {
    port: u16,
    arguments: Vec<String>,
    folder: TempDir,
    child: Child,
}

impl RedisServer {
    /// Starts a server with these arguments, and waits until it answers.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        let folder = tempfile::tempdir().unwrap();
        // Somebody else may take the port before the server does.
        for _ in 0..10 {
            let port = free_port();
            let mut child = spawn(port, &arguments, &folder);
            if is_ready(port, &mut child).await {
                return Self { port, arguments, folder, child };
            }
            child.kill().await.unwrap();
        }
        panic!("`redis-server` did not start");
    }

    /// A tier over the server, without a password.
    pub(crate) fn tier(&self) -> RedisTier {
        RedisTier::new(&self.options()).unwrap()
    }

    /// How to reach the server, without a password.
    pub(crate) fn options(&self) -> RedisOptions {
        options(self.port, None)
    }

    /// A connection beside the tier, to look at what it wrote.
    pub(crate) async fn connection(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}/", self.port)).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    /// Kills the server, which forgets everything.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Sends a signal, by its name.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().await.unwrap();
        assert!(sent.success());
    }

    /// Starts the killed server on the same port.
    pub(crate) async fn restart(&mut self) {
        self.child = spawn(self.port, &self.arguments, &self.folder);
        assert!(is_ready(self.port, &mut self.child).await, "`redis-server` did not start again");
    }
}

/// How to reach a server on this machine.
pub(crate) fn options(port: u16, password: Option<&str>) -> RedisOptions {
    RedisOptions {
        host: "127.0.0.1".to_owned(),
        port,
        db: 0,
        password: password.map(SecretString::from),
        max_life: Duration::from_hours(24),
    }
}

/// A port that nobody uses at this moment.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn spawn(port: u16, arguments: &[String], folder: &TempDir) -> Child {
    let mut command = Command::new("redis-server");
    command
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "no"])
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    match command.spawn() {
        Ok(child) => child,
        Err(error) => panic!(
            "could not run `redis-server` ({error}): these tests need a real Redis; \
             install Debian's package redis-server"
        ),
    }
}

/// Whether the server answers before it ends or the time is over.
async fn is_ready(port: u16, child: &mut Child) -> bool {
    let start = Instant::now();
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}/")).unwrap();
    while start.elapsed() < START && child.try_wait().unwrap().is_none() {
        if let Ok(mut connection) = client.get_multiplexed_async_connection().await {
            let pong = redis::cmd("PING").query_async::<String>(&mut connection).await;
            // A server that wants a password answers too.
            let is_up =
                pong.is_ok() || pong.is_err_and(|error| error.to_string().contains("NOAUTH"));
            if is_up {
                return true;
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
    false
}
