//! The client of each service, with the key that it asks for.

use std::sync::Arc;

use cowrie_client::BadEndpoint;
use cowrie_client_cymru::{Cymru, CymruOptions};
use cowrie_client_dshield::{DShield, DShieldOptions};
use cowrie_client_greynoise::{GreyNoise, GreyNoiseOptions};
use cowrie_client_hibp::{Hibp, HibpOptions};
use cowrie_client_spur::{Spur, SpurOptions};
use cowrie_client_urlhaus::{UrlHaus, UrlHausOptions};
use cowrie_client_virustotal::{VirusTotal, VirusTotalOptions};
use cowrie_config::SourceKey;
use cowrie_core::one_line;
use cowrie_enrichment::{Service, SourceName};
use cowrie_secrets::Reference;

use crate::plan::Plan;
use crate::renewed::{Make, Renewed};
use crate::sources::Site;

/// How long a reply about 500 addresses may be, which takes a sixteenth of it.
const MAX_WHOIS_BYTES: usize = 1024 * 1024;

/// Why a source is not asked, in a sentence for people.
pub(crate) type Off = String;

/// The client of a service.
pub(crate) async fn service(
    name: SourceName,
    plan: &Plan,
    site: &Site<'_>,
) -> Result<Arc<dyn Service>, Off> {
    if !plan.is_enabled {
        return Err(format!("switched off by `providers.{name}.enabled`"));
    }
    match name {
        SourceName::Cymru => cymru(plan, site),
        SourceName::DShield => dshield(plan, site).await,
        SourceName::Hibp => hibp(plan),
        _ => match keyed(name, plan) {
            Some(keyed) => with_key(name, keyed, site),
            None => Err("it is not asked over a network".to_owned()),
        },
    }
}

fn cymru(plan: &Plan, site: &Site<'_>) -> Result<Arc<dyn Service>, Off> {
    let set = site.settings.providers.get(SourceName::Cymru.name());
    let whois = set.and_then(|one| one.whois_server.as_deref());
    let client = Cymru::new(CymruOptions {
        whois: whois.unwrap_or(cowrie_client_cymru::WHOIS).to_owned(),
        dns: set.and_then(|one| one.dns_server),
        timeout: plan.timeout,
        batch_size: cowrie_client_cymru::BATCH_SIZE,
        max_answer: MAX_WHOIS_BYTES,
    });
    client.map(|client| Arc::new(client) as Arc<dyn Service>).map_err(|error| one_line(&error))
}

async fn dshield(plan: &Plan, site: &Site<'_>) -> Result<Arc<dyn Service>, Off> {
    let Some(email) = site.settings.email_of(site.sensor) else {
        return Err("it asks for a contact: set `global.email`".to_owned());
    };
    let contact = match email.parse::<Reference>() {
        Ok(reference) => {
            use cowrie_secrets::ExposeSecret as _;
            let resolved = site.resolver.resolve(&reference, "email").await;
            resolved.map_err(|error| one_line(&error))?.expose_secret().to_owned()
        }
        // A mail address is no reference.
        Err(_not_one) => email.to_owned(),
    };
    let base_url = base_url(plan, cowrie_client_dshield::BASE_URL);
    let client = DShield::new(DShieldOptions {
        base_url,
        timeout: plan.timeout,
        throttled_wait: cowrie_client_dshield::THROTTLED_WAIT,
        contact,
    });
    client.map(|client| Arc::new(client) as Arc<dyn Service>).map_err(|error| one_line(&error))
}

fn hibp(plan: &Plan) -> Result<Arc<dyn Service>, Off> {
    let base_url = base_url(plan, cowrie_client_hibp::BASE_URL);
    let client = Hibp::new(HibpOptions { base_url, timeout: plan.timeout });
    client.map(|client| Arc::new(client) as Arc<dyn Service>).map_err(|error| one_line(&error))
}

/// The key of a service, and what makes its client with one.
fn keyed(name: SourceName, plan: &Plan) -> Option<(SourceKey, Make)> {
    let timeout = plan.timeout;
    let url = |usual: &str| base_url(plan, usual);
    Some(match name {
        SourceName::GreyNoise => {
            let base_url = url(cowrie_client_greynoise::BASE_URL);
            let make = move |key| {
                let base_url = base_url.clone();
                let throttled_wait = cowrie_client_greynoise::THROTTLED_WAIT;
                let key = Some(key);
                client(GreyNoise::new(GreyNoiseOptions { base_url, timeout, throttled_wait, key }))
            };
            (SourceKey::GreyNoise, Box::new(make))
        }
        SourceName::Spur => {
            let base_url = url(cowrie_client_spur::BASE_URL);
            let make = move |key| {
                let base_url = base_url.clone();
                client(Spur::new(SpurOptions { base_url, timeout, key }))
            };
            (SourceKey::Spur, Box::new(make))
        }
        SourceName::UrlHaus => {
            let base_url = url(cowrie_client_urlhaus::BASE_URL);
            let make = move |key| {
                let base_url = base_url.clone();
                let throttled_wait = cowrie_client_urlhaus::THROTTLED_WAIT;
                client(UrlHaus::new(UrlHausOptions { base_url, timeout, throttled_wait, key }))
            };
            (SourceKey::UrlHaus, Box::new(make))
        }
        SourceName::VirusTotal => {
            let base_url = url(cowrie_client_virustotal::BASE_URL);
            let make = move |key| {
                let base_url = base_url.clone();
                client(VirusTotal::new(VirusTotalOptions { base_url, timeout, key }))
            };
            (SourceKey::VirusTotal, Box::new(make))
        }
        _ => return None,
    })
}

fn client<S: Service + 'static>(
    made: Result<S, BadEndpoint>,
) -> Result<Arc<dyn Service>, BadEndpoint> {
    made.map(|client| Arc::new(client) as Arc<dyn Service>)
}

fn with_key(
    name: SourceName,
    (key, make): (SourceKey, Make),
    site: &Site<'_>,
) -> Result<Arc<dyn Service>, Off> {
    let Some(reference) = site.settings.key_of(key, site.sensor) else {
        let variable = key.variables().first().copied().unwrap_or_default();
        let key = key.name();
        return Err(format!("it has no key: set `{key}` of a sensor, or {variable}"));
    };
    let named = (key.name().to_owned(), reference.clone());
    Ok(Arc::new(Renewed::new(name, make, named, Arc::clone(&site.resolver))))
}

fn base_url(plan: &Plan, usual: &str) -> String {
    plan.base_url.clone().unwrap_or_else(|| usual.to_owned())
}
