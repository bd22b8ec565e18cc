//! Whether the services accept the secrets that were found.

use cowrie_cache::RedisTier;
use cowrie_cli::safe;
use cowrie_config::{Credential, DatabaseSetting, DatabaseUrl, Settings, SourceKey};
use cowrie_core::one_line;
use cowrie_enrichment::SourceName;
use cowrie_secrets::Resolver;
use cowrie_sources::Probe;
use cowrie_store::Target;

use crate::args::Program;
use crate::databases;
use crate::place::Place;

/// What a service said.
pub(crate) enum Probed {
    Accepted,
    Refused(String),
    /// Nothing that tells whether the secret is good.
    NoAnswer(String),
    NotAsked,
}

/// Asks the service that the secret is for.
pub(crate) async fn probe(
    program: &Program,
    settings: &Settings,
    credential: &Credential,
    resolver: &Resolver,
) -> Probed {
    if credential.key == "global.cache.redis_password" {
        return probe_redis(settings, resolver).await;
    }
    if let Some(setting) = database_at(settings, &credential.key) {
        return probe_database(setting, resolver).await;
    }
    let (sensor, name) = match credential.key.strip_prefix("sensors.") {
        Some(rest) => match rest.rsplit_once('.') {
            Some((sensor, name)) => (Some(sensor), name),
            None => (None, rest),
        },
        None => (None, credential.key.as_str()),
    };
    match SourceKey::ALL.into_iter().find(|key| key.name() == name) {
        Some(SourceKey::MaxMind) => databases::probe(settings, sensor, resolver).await,
        Some(key) => probe_source(program, sensor, source_of(key)).await,
        None => Probed::NotAsked,
    }
}

fn source_of(key: SourceKey) -> SourceName {
    match key {
        SourceKey::VirusTotal => SourceName::VirusTotal,
        SourceKey::UrlHaus => SourceName::UrlHaus,
        SourceKey::Spur => SourceName::Spur,
        SourceKey::GreyNoise => SourceName::GreyNoise,
        SourceKey::MaxMind => SourceName::MaxMind,
    }
}

async fn probe_source(program: &Program, sensor: Option<&str>, name: SourceName) -> Probed {
    let place = match Place::open(program, sensor).await {
        Ok(place) => place,
        Err(error) => return Probed::NoAnswer(clean(&format!("{error:#}"))),
    };
    let online = place.sources.online().iter().find(|online| online.name == name);
    let probed = match online {
        Some(online) => match online.probe().await {
            Probe::Accepted => Probed::Accepted,
            Probe::Refused(why) => Probed::Refused(clean(&why)),
            Probe::NoAnswer(why) => Probed::NoAnswer(clean(&why)),
        },
        None => Probed::NotAsked,
    };
    match place.close().await {
        Ok(()) => probed,
        Err(error) => Probed::NoAnswer(clean(&format!("{error:#}"))),
    }
}

async fn probe_redis(settings: &Settings, resolver: &Resolver) -> Probed {
    let options = match cowrie_sources::redis(settings, resolver).await {
        Ok(options) => options,
        Err(error) => return Probed::Refused(in_full(&error)),
    };
    let ping = async { RedisTier::new(&options)?.ping().await };
    match ping.await {
        Ok(()) => Probed::Accepted,
        Err(error) if RedisTier::is_refusal(&error) => Probed::Refused(in_full(&error)),
        Err(error) => Probed::NoAnswer(in_full(&error)),
    }
}

/// Connects to the server whose password this is.
async fn probe_database(setting: &DatabaseSetting, resolver: &Resolver) -> Probed {
    let (url, shown) = match setting.resolve(resolver).await {
        Ok(DatabaseUrl::Postgres { url, shown }) => (url, shown),
        // Nobody has to accept a file.
        Ok(_) => return Probed::NotAsked,
        Err(error) => return Probed::Refused(in_full(&error)),
    };
    match (Target::Postgres { url, shown }).connect().await {
        Ok(connection) => match connection.close().await {
            Ok(()) => Probed::Accepted,
            Err(error) => Probed::Refused(error.to_string()),
        },
        Err(error) => Probed::Refused(in_full(&error)),
    }
}

/// The database that stands at the key.
fn database_at<'a>(settings: &'a Settings, key: &str) -> Option<&'a DatabaseSetting> {
    if key == "global.db" {
        return Some(&settings.database);
    }
    let name = key.strip_prefix("sensors.")?.strip_suffix(".db")?;
    settings.sensor(name)?.database.as_ref()
}

/// The error and its causes in one line. What a server says is not ours.
pub(crate) fn in_full(error: &(dyn std::error::Error + 'static)) -> String {
    clean(&one_line(error))
}

fn clean(text: &str) -> String {
    safe::terminal(text).into_owned()
}
