//! The bulk whois service: one connection for many addresses.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use cowrie_enrichment::{Data, PublicAddress};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::CymruError;
use crate::whois_reply::WhoisReply;

/// The line of a request in which the first address stands, counted from 1.
const FIRST_ADDRESS: usize = 3;

/// Where the service is, and how far it is trusted.
#[derive(Clone, Debug)]
pub(crate) struct Whois {
    /// Host and port.
    pub(crate) host: String,
    /// For the whole exchange.
    pub(crate) timeout: Duration,
    /// In bytes.
    pub(crate) max_answer: usize,
}

impl Whois {
    /// Asks about all the addresses in one connection, and gives an answer for each, in their
    /// order.
    pub(crate) async fn ask(
        &self,
        addresses: &[PublicAddress],
    ) -> Vec<Result<Option<Data>, CymruError>> {
        let mut received = Vec::new();
        let exchange = self.exchange(addresses, &mut received);
        let ending = match timeout(self.timeout, exchange).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error),
            Err(_elapsed) => Some(CymruError::TimedOut),
        };
        let reply = WhoisReply::read(&received, ending.is_none());
        let lines = addresses.iter().zip(FIRST_ADDRESS..);
        lines.map(|(address, line)| reply.answer(address.get(), line, ending.as_ref())).collect()
    }

    /// Sends the request and reads until the service closes; what came before a failure is in
    /// `received` all the same.
    async fn exchange(
        &self,
        addresses: &[PublicAddress],
        received: &mut Vec<u8>,
    ) -> Result<(), CymruError> {
        let mut stream = TcpStream::connect(&self.host).await.map_err(unreachable)?;
        stream.write_all(request(addresses).as_bytes()).await.map_err(unreachable)?;
        while stream.read_buf(received).await.map_err(unreachable)? > 0 {
            if received.len() > self.max_answer {
                received.truncate(self.max_answer);
                return Err(CymruError::TooLong { limit: self.max_answer });
            }
        }
        Ok(())
    }
}

fn unreachable(source: io::Error) -> CymruError {
    CymruError::Unreachable(Arc::new(source))
}

fn request(addresses: &[PublicAddress]) -> String {
    let mut lines = "begin\nverbose\n".to_owned();
    for address in addresses {
        lines.push_str(&address.to_string());
        lines.push('\n');
    }
    lines.push_str("end\n");
    lines
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    #[test]
    fn a_request_has_an_address_in_each_line_from_the_third() {
        let addresses = ["8.8.8.8", "2620:FE:0::fe"]
            .map(|text| PublicAddress::try_from(text.parse::<IpAddr>().unwrap()).unwrap());
        let request = request(&addresses);
        assert_eq!(request, "begin\nverbose\n8.8.8.8\n2620:fe::fe\nend\n");
        assert_eq!(request.lines().nth(FIRST_ADDRESS - 1), Some("8.8.8.8"));
    }
}
