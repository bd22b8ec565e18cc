//! The HTTP server of all providers.

use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use futures_util::StreamExt as _;
use futures_util::stream::{once, unfold};
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::behaviour::Turns;
use crate::book::Book;
use crate::log::Log;
use crate::wire::{Gate, Plug};
use crate::{Asked, Behaviour, Canned, Provider, rules};

/// How many bytes of a question are read.
const MAX_QUESTION: usize = 1 << 20;

/// What the server and the test share.
#[derive(Debug)]
pub(crate) struct Desk(Mutex<OnDesk>);

#[derive(Debug)]
pub(crate) struct OnDesk {
    pub(crate) book: Book,
    pub(crate) turns: BTreeMap<Provider, Turns>,
    pub(crate) logs: BTreeMap<Provider, Log<Asked>>,
    pub(crate) invents: bool,
}

impl Desk {
    pub(crate) fn new() -> Self {
        let book = Book::with_samples();
        let (turns, logs) = (BTreeMap::new(), BTreeMap::new());
        Self(Mutex::new(OnDesk { book, turns, logs, invents: false }))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, OnDesk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the question; says how to behave, and what the answer would be.
    fn take(&self, provider: Provider, asked: Asked) -> (Behaviour, Canned) {
        let mut desk = self.lock();
        let answer = rules::answer(provider, &asked, &desk.book, desk.invents);
        desk.logs.entry(provider).or_default().push(asked);
        let behaviour = desk.turns.get_mut(&provider).map_or(Behaviour::Normal, Turns::take);
        (behaviour, answer)
    }
}

/// Serves until the future is dropped; connections end when the gate is told to stop.
pub(crate) async fn serve(gate: Gate, desk: Arc<Desk>) -> io::Result<()> {
    let router = Router::new().fallback(handle).with_state(desk);
    axum::serve(gate, router.into_make_service_with_connect_info::<Plug>()).await
}

async fn handle(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(plug): ConnectInfo<Plug>,
    request: Request,
) -> Response {
    let Some((provider, asked)) = read(request).await else {
        return Canned::text("no provider has such a path").with_status(404).into_response();
    };
    let (behaviour, answer) = desk.take(provider, asked);
    behave(behaviour, answer, &plug).await
}

async fn read(request: Request) -> Option<(Provider, Asked)> {
    let (head, body) = request.into_parts();
    let path = head.uri.path().trim_start_matches('/');
    let (name, path) = path.split_once('/').unwrap_or((path, ""));
    let provider = Provider::named(name)?;
    let headers = head.headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let mut asked = Asked {
        key: String::new(),
        method: head.method.to_string(),
        path: format!("/{path}"),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body: String::new(),
        at: Instant::now(),
    };
    let body = to_bytes(body, MAX_QUESTION).await.unwrap_or_default();
    asked.body = String::from_utf8_lossy(&body).into_owned();
    asked.key = rules::key(provider, &asked).unwrap_or_default();
    Some((provider, asked))
}

async fn behave(behaviour: Behaviour, answer: Canned, plug: &Plug) -> Response {
    match behaviour {
        Behaviour::Normal | Behaviour::InTurn(_) => answer.into_response(),
        Behaviour::Slow(wait) => {
            sleep(wait).await;
            answer.into_response()
        }
        Behaviour::Status { status, headers, body } => {
            let is_json = body.starts_with('{');
            let said = if is_json { Canned::json(body) } else { Canned::text(body) };
            let with_header = |said: Canned, (name, value)| said.with_header(name, value);
            headers.into_iter().fold(said.with_status(status), with_header).into_response()
        }
        Behaviour::Reset => {
            plug.pull();
            answer.into_response()
        }
        Behaviour::Silent => pending().await,
        Behaviour::Truncated => truncated(answer),
        Behaviour::Oversized(n_bytes) => oversized(n_bytes),
        Behaviour::Body { content_type, body } => Canned::bytes(content_type, body).into_response(),
    }
}

/// The head, which claims the whole body, and half of it.
fn truncated(answer: Canned) -> Response {
    let claimed = answer.body.len().max(2);
    let half = answer.body.slice(..answer.body.len() / 2);
    let begun = async { Ok::<_, io::Error>(half) };
    let cut = async {
        // What was sent so far leaves the machine in between.
        yield_now().await;
        Err(io::ErrorKind::UnexpectedEof.into())
    };
    let body = once(begun).chain(once(cut));
    let answer = answer.with_header("content-length", claimed.to_string());
    answer.into_response_with(Body::from_stream(body))
}

/// So many bytes, in pieces, without a length in the head.
fn oversized(n_bytes: usize) -> Response {
    const PIECE: &[u8] = &[b'x'; 16 * 1024];
    let pieces = unfold(n_bytes, |left| async move {
        let piece = PIECE.get(..left.min(PIECE.len())).filter(|piece| !piece.is_empty())?;
        Some((Ok::<_, io::Error>(Bytes::from_static(piece)), left - piece.len()))
    });
    Canned::json("").into_response_with(Body::from_stream(pieces))
}
