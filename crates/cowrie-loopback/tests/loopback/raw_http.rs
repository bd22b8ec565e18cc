//! HTTP without a client that mends anything.

use std::collections::BTreeMap;
use std::io;

use cowrie_loopback::{Provider, Providers};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer as it was read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    /// Without chunks, when it came in chunks.
    pub(crate) body: Vec<u8>,
}

/// One request; a key, account or contact is added by hand.
#[derive(Clone, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) provider: Provider,
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a str,
}

/// A `GET` of `GreyNoise` with the right key.
pub(crate) const NOISE: Ask<'_> = Ask {
    provider: Provider::GreyNoise,
    method: "GET",
    path: "/v3/community/8.8.8.8",
    headers: &[("key", Providers::KEY)],
    body: "",
};

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

impl Ask<'_> {
    /// Connects and sends the request.
    pub(crate) async fn send(&self, providers: &Providers) -> TcpStream {
        let base = providers.base_url(self.provider);
        let (host, first_step) = base.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).await.unwrap();
        let headers: String =
            self.headers.iter().flat_map(|(name, value)| [*name, ": ", value, "\r\n"]).collect();
        let text = format!(
            "{} /{first_step}{} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\
             Content-Length: {}\r\n\r\n{}",
            self.method,
            self.path,
            self.body.len(),
            self.body
        );
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    /// All bytes of the answer up to the end of the connection.
    pub(crate) async fn bytes(&self, providers: &Providers) -> io::Result<Vec<u8>> {
        let mut stream = self.send(providers).await;
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await?;
        Ok(bytes)
    }

    pub(crate) async fn answer(&self, providers: &Providers) -> Answer {
        parse(&self.bytes(providers).await.unwrap())
    }
}

pub(crate) fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head");
    let head = str::from_utf8(&bytes[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: BTreeMap<_, _> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let body = &bytes[end + 4..];
    let is_chunked = headers.get("transfer-encoding").is_some_and(|value| value == "chunked");
    let body = if is_chunked { joined(body) } else { body.to_vec() };
    Answer { status, headers, body }
}

fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let line = chunks.windows(2).position(|two| two == b"\r\n").expect("the size of a chunk");
        let size = usize::from_str_radix(str::from_utf8(&chunks[..line]).unwrap(), 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&chunks[line + 2..line + 2 + size]);
        chunks = &chunks[line + 2 + size + 2..];
    }
}
