//! The providers that are asked by HTTP, as a test sees them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::behaviour::Turns;
use crate::web::{self, Desk};
use crate::wire::Gate;
use crate::{Asked, Behaviour, Canned, Provider};

/// One HTTP server on a free port of 127.0.0.1 for all providers; it stops when it is dropped.
///
/// Then no connection of it stays open.
#[derive(Debug)]
pub struct Providers {
    desk: Arc<Desk>,
    address: SocketAddr,
    _server: JoinSet<io::Result<()>>,
    _connections: DropGuard,
}

impl Providers {
    /// The key that every provider with a key wants.
    pub const KEY: &str = "key-for-tests"; // pragma: allowlist secret

    /// The account at `MaxMind` to which the key belongs.
    pub const ACCOUNT: &str = "123456";

    /// Starts the server on the runtime of the caller. Panics when there is no free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("the address of a socket that is bound");
        let desk = Arc::new(Desk::new());
        let stop = CancellationToken::new();
        let mut server = JoinSet::new();
        server.spawn(web::serve(Gate::new(listener, stop.clone()), Arc::clone(&desk)));
        Self { desk, address, _server: server, _connections: stop.drop_guard() }
    }

    /// Where a client finds the provider, without a slash at the end: what stands for
    /// `https://api.greynoise.io`.
    pub fn base_url(&self, provider: Provider) -> String {
        format!("http://{}/{}", self.address, provider.name())
    }

    /// From now on, that is what the provider says of a key: an address, a host, a digest, a
    /// prefix, or the path of a file.
    ///
    /// For [`Provider::MaxMind`] the key is an edition, `GeoLite2-City`, or one of its two files:
    /// `GeoLite2-City.tar.gz` and `GeoLite2-City.tar.gz.sha256`. The second is made of the first
    /// when it was not told.
    pub fn answer(&self, provider: Provider, key: &str, answer: Canned) {
        self.desk.lock().book.tell(provider, key, answer);
    }

    /// How the provider behaves from now on.
    pub fn behave(&self, provider: Provider, behaviour: Behaviour) {
        self.desk.lock().turns.insert(provider, Turns::new(behaviour));
    }

    /// From now on, the providers say something made up of every public address, digest and prefix
    /// that they were told nothing of; the same of the same.
    pub fn invent(&self) {
        self.desk.lock().invents = true;
    }

    /// What it has been asked until now, in order: every request, also those that failed, but not
    /// more than the latest 20,000.
    pub fn asked(&self, provider: Provider) -> Vec<Asked> {
        self.desk.lock().logs.entry(provider).or_default().latest()
    }

    /// How many requests there have been.
    pub fn count(&self, provider: Provider) -> usize {
        self.desk.lock().logs.entry(provider).or_default().count()
    }
}
