//! The settings themselves, in the order of the example file.

use crate::setting::Fallback::{Value, Words};
use crate::setting::{Fallback, Kind, Section, Setting};

/// Every setting.
pub const SETTINGS: &[Setting] = &[
    of(Section::Global, "db", Kind::Database, Value("cowrieprocessor.sqlite"))
        .also_called(&["database_url"])
        .set_by("COWRIE_DB")
        .or_by(&["COWRIEPROC_DB_URL", "COWRIEPROC_DB_PATH", "DATABASE_URL"])
        .with_flag("--db")
        .means("The database: a SQLite file, which is made on first use, or a PostgreSQL URL."),
    of(Section::Global, "data_dir", Kind::Path, NOT_SET)
        .set_by("COWRIE_DATA_DIR")
        .means("Where logs and data of the sensors are."),
    of(Section::Global, "cache_dir", Kind::Path, Words("`cowrieprocessor` in your cache folder"))
        .set_by("COWRIE_CACHE_DIR")
        .or_by(&["COWRIEPROC_CACHE_DIR"])
        .with_flag("--cache-dir")
        .means("Where answers of sources are kept on disk."),
    of(Section::Global, "report_dir", Kind::Path, NOT_SET)
        .set_by("COWRIE_REPORT_DIR")
        .means("Where reports go that are written to files."),
    of(Section::Global, "status_dir", Kind::Path, Words("none are written"))
        .set_by("COWRIE_STATUS_DIR")
        .with_flag("--status-dir")
        .means("Where status files for monitoring are written."),
    of(Section::Global, "email", Kind::Text, NOT_SET)
        .set_by("COWRIE_EMAIL")
        .or_by(&["DSHIELD_EMAIL"])
        .means("The contact that DShield asks for, where a sensor names none."),
    of(Section::Cache, "redis_enabled", Kind::Switch, Value("true"))
        .set_by("COWRIE_REDIS_ENABLED")
        .or_by(&["ENABLE_REDIS_CACHE"])
        .means("Whether answers are kept in Redis, which all programs on all hosts share."),
    of(Section::Cache, "redis_host", Kind::Text, Value("localhost"))
        .set_by("COWRIE_REDIS_HOST")
        .or_by(&["REDIS_HOST"])
        .means("Host name or address of Redis."),
    of(Section::Cache, "redis_port", Kind::Count, Value("6379"))
        .set_by("COWRIE_REDIS_PORT")
        .or_by(&["REDIS_PORT"])
        .means("Port of Redis."),
    of(Section::Cache, "redis_db", Kind::Count, Value("0"))
        .set_by("COWRIE_REDIS_DB")
        .or_by(&["REDIS_DB"])
        .means("Number of the database in Redis."),
    of(Section::Cache, "redis_password", Kind::Secret, Words("no password"))
        .set_by("COWRIE_REDIS_PASSWORD")
        .or_by(&["REDIS_PASSWORD"])
        .means("Where the password of Redis is kept."),
    of(Section::Cache, "redis_ttl_seconds", Kind::Count, Value("3600"))
        .set_by("COWRIE_REDIS_TTL_SECONDS")
        .or_by(&["REDIS_TTL_SECONDS"])
        .means("How long Redis keeps an answer; at most a day is sensible."),
    of(Section::Cache, "db_cache_enabled", Kind::Switch, Value("true"))
        .set_by("COWRIE_DB_CACHE_ENABLED")
        .or_by(&["ENABLE_DB_CACHE"])
        .means("Whether answers are kept in the database."),
    of(Section::Longtail, "run_analysis", Kind::Switch, Value("true"))
        .set_by("COWRIE_LONGTAIL_RUN_ANALYSIS")
        .or_by(&["RUN_LONGTAIL_ANALYSIS"])
        .means("Whether the longtail timer runs the analysis."),
    of(Section::Longtail, "store_results", Kind::Switch, Value("true"))
        .set_by("COWRIE_LONGTAIL_STORE_RESULTS")
        .or_by(&["LONGTAIL_STORE_RESULTS"])
        .means("Whether the longtail timer stores what it finds."),
    of(Section::Sensor, "name", Kind::Text, Words("the name of its section"))
        .means("Its name, which its events carry too; `[[sensor]]` needs one."),
    of(Section::Sensor, "logpath", Kind::Path, NOT_SET).means("The folder with its logs."),
    of(Section::Sensor, "enable_asn_inventory", Kind::Switch, Value("true"))
        .means("Whether its addresses are looked up and counted by AS."),
    of(Section::Sensor, "db", Kind::Database, OF_GLOBAL)
        .also_called(&["database_url"])
        .means("A database of its own."),
    of(Section::Sensor, "cache_dir", Kind::Path, OF_GLOBAL).means("A cache folder of its own."),
    of(Section::Sensor, "report_dir", Kind::Path, OF_GLOBAL)
        .means("A folder of its own for reports."),
    of(Section::Sensor, "email", Kind::Text, OF_GLOBAL)
        .means("The contact that DShield asks for in every question."),
    of(Section::Sensor, "vtapi", Kind::Secret, NOT_ASKED)
        .or_by(&["VT_API_KEY"])
        .means("Where the key of VirusTotal is kept."),
    of(Section::Sensor, "urlhausapi", Kind::Secret, NOT_ASKED)
        .or_by(&["URLHAUS_API_KEY"])
        .means("Where the key of URLhaus is kept."),
    of(Section::Sensor, "spurapi", Kind::Secret, NOT_ASKED)
        .or_by(&["SPUR_API_KEY"])
        .means("Where the token of SPUR is kept."),
    of(Section::Sensor, "greynoise_api", Kind::Secret, NOT_ASKED)
        .also_called(&["greynoise_api_key"])
        .or_by(&["GREYNOISE_API_KEY"])
        .means("Where the key of GreyNoise is kept."),
    of(Section::Sensor, "maxmind_account", Kind::Account, NOT_SET)
        .means("The account at MaxMind, for downloading its files."),
    of(Section::Sensor, "maxmind_license", Kind::Secret, NOT_SET)
        .also_called(&["maxmind_license_key"])
        .or_by(&["MAXMIND_LICENSE_KEY"])
        .means("Where the licence key of MaxMind is kept."),
    of(Section::Provider, "enabled", Kind::Switch, OF_SOURCE).means("Whether it is asked at all."),
    of(Section::Provider, "base_url", Kind::Url, OF_SOURCE)
        .means("Where it is asked, for a mirror or a proxy."),
    of(Section::Provider, "timeout_seconds", Kind::Number, OF_SOURCE)
        .means("How long an answer is waited for."),
    of(Section::Provider, "rate_per_second", Kind::Number, OF_SOURCE)
        .means("How many questions are asked in a second, over all programs."),
    of(Section::Provider, "daily_quota", Kind::Count, OF_SOURCE)
        .means("How many questions are asked in a day, over all programs."),
    of(Section::Provider, "ttl_days", Kind::Number, OF_SOURCE).means("How long an answer is good."),
    of(Section::Provider, "negative_ttl_days", Kind::Number, OF_SOURCE)
        .means("How long *not found* is good."),
    of(Section::MaxMind, "directory", Kind::Path, Words("`maxmind` in the cache folder, if any"))
        .set_by("COWRIE_MAXMIND_DIR")
        .means("The folder with the MMDB files of MaxMind."),
    of(Section::Cymru, "whois_server", Kind::Server, Words("`whois.cymru.com:43`"))
        .set_by("COWRIE_CYMRU_WHOIS_SERVER")
        .means("Host and port of the bulk whois service of Team Cymru."),
    of(Section::Cymru, "dns_server", Kind::Server, Words("those of the system"))
        .set_by("COWRIE_CYMRU_DNS_SERVER")
        .means("Address and port of the name server that is asked for the zones of Team Cymru."),
];

/// Sections that the legacy system read and this one does not need.
pub const IGNORED_SECTIONS: &[&str] = &["snowshoe_detector"];

/// Keys that the legacy system read and this one does not need, by their section.
pub const IGNORED_KEYS: &[(&str, &[&str])] = &[
    ("global", &["log_dir", "memory_limit_gb", "memory_warning_threshold", "staging_base"]),
    ("sensor", &["dbxapi", "dbxkey", "dbxrefreshtoken", "dbxsecret", "summarizedays"]),
];

/// Variables that the legacy system read and this one does not need.
pub const IGNORED_VARIABLES: &[&str] = &[
    "COWRIEPROC_DB_ECHO",
    "COWRIEPROC_DB_POOL_SIZE",
    "COWRIEPROC_DB_POOL_TIMEOUT",
    "COWRIEPROC_DB_SQLITE_CACHE_SIZE",
    "COWRIEPROC_DB_SQLITE_JOURNAL_FALLBACK",
    "COWRIEPROC_DB_SQLITE_SYNCHRONOUS",
    "COWRIEPROC_DB_SQLITE_WAL",
    "COWRIEPROC_ENABLE_ORM_SANITIZATION",
    "LONGTAIL_LOOKBACK_DAYS",
    "LONGTAIL_OUTPUT_PATH",
    "USE_LEGACY_PROCESSOR",
    "USE_NEW_ENRICHMENT",
];

const NOT_SET: Fallback = Words("none");
const NOT_ASKED: Fallback = Words("the source is not asked");
const OF_GLOBAL: Fallback = Words("that of `[global]`");
const OF_SOURCE: Fallback = Words("the source's own");

/// A setting of which nothing else is said yet.
const fn of(section: Section, name: &'static str, kind: Kind, fallback: Fallback) -> Setting {
    Setting {
        section,
        name,
        aliases: &[],
        kind,
        fallback,
        variable: None,
        legacy_variables: &[],
        flag: None,
        meaning: "",
    }
}

impl Setting {
    const fn also_called(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    const fn set_by(self, variable: &'static str) -> Self {
        Self { variable: Some(variable), ..self }
    }

    const fn or_by(self, legacy_variables: &'static [&'static str]) -> Self {
        Self { legacy_variables, ..self }
    }

    const fn with_flag(self, flag: &'static str) -> Self {
        Self { flag: Some(flag), ..self }
    }

    const fn means(self, meaning: &'static str) -> Self {
        Self { meaning, ..self }
    }
}
