#![doc = include_str!("../README.md")]

use std::io::{self, Write as _};

use cowrie_loopback::{CymruDns, CymruWhois, Provider, Providers};
use serde_json::{Map, Value, json};
use tokio::task::spawn_blocking;

/// Starts every service, says where they are, and serves until its input ends.
#[tokio::main]
async fn main() -> io::Result<()> {
    let providers = Providers::start().await;
    let dns = CymruDns::start().await;
    let whois = CymruWhois::start().await;
    providers.invent();
    dns.invent();
    whois.invent();

    let mut said = per_provider(|provider| providers.base_url(provider).into());
    said.insert("cymru_dns".to_owned(), dns.address().to_string().into());
    said.insert("cymru_whois".to_owned(), whois.address().to_string().into());
    said.insert("account".to_owned(), Providers::ACCOUNT.into());
    said.insert("key".to_owned(), Providers::KEY.into());
    print_line(&said.into())?;

    spawn_blocking(|| io::copy(&mut io::stdin().lock(), &mut io::sink())).await??;

    let mut counts = per_provider(|provider| providers.count(provider).into());
    counts.insert("cymru_dns".to_owned(), dns.count().into());
    counts.insert("cymru_whois".to_owned(), whois.count().into());
    // Whoever has stopped listening does not want to know.
    print_line(&json!({"asked": counts})).unwrap_or_default();
    Ok(())
}

fn per_provider(value: impl Fn(Provider) -> Value) -> Map<String, Value> {
    Provider::ALL
        .map(|provider| (provider.name().to_owned(), value(provider)))
        .into_iter()
        .collect()
}

fn print_line(value: &Value) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{value}")?;
    output.flush()
}
