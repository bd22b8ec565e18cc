//! A database with the example logs, and with rows where no program of this release writes any.

use std::io::Write as _;
use std::path::Path;

use chrono::DateTime;
use cowrie_client_maxmind::{MaxMind, MaxMindOptions};
use cowrie_core::FixedClock;
use cowrie_ingest::{
    FileProblem, LoadOptions, NetNew, Observer, Progress, ReadOptions, TRANSACTION_EVENTS, load,
    plan_whole,
};
use cowrie_logfind::{FindOptions, find};
use cowrie_store::Store;
use cowrie_testdb::{Engine, TestDb};
use cowrie_tests::{Asked, Question, Row, Tables};
use tokio_util::sync::CancellationToken;

/// The key that most sessions of the example logs plant.
pub(crate) const KEY: &str = "SHA256:MkYY9qiVsFGBC5WkjoClCkwEFW5iSjcGQF7m4n4H7Cw";

/// One of them.
const SESSION: &str = "86c838f14dc6";

/// A database to ask.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) tables: Tables,
    // Gone when this is dropped.
    _db: TestDb,
}

impl Site {
    /// The example logs and a hostile session, with the example databases.
    pub(crate) async fn loaded(engine: Engine) -> Self {
        let db = TestDb::migrated(engine).await;
        load_example(&db).await;
        let tables = Tables::at(db.url()).await;
        let hostile = "SELECT count(*) FROM command_stats WHERE session_id = '00000000000f'";
        assert_eq!(tables.number(hostile).await, 1);
        Self { tables, _db: db }
    }

    /// The example logs, and rows in all that no program of this release fills.
    pub(crate) async fn filled(engine: Engine) -> Self {
        let site = Self::loaded(engine).await;
        let [front, back] = match engine {
            Engine::Sqlite => ["json_patch(enrichment, '", "')"],
            Engine::Postgres => ["enrichment || CAST('", "' AS jsonb)"],
        };
        let later = LATER.replace("enrichment + '", front).replace("' + nothing", back);
        site.tables.execute(&later).await;
        site.tables.execute(RARE).await;
        site
    }

    /// The rows of a statement of one's own.
    pub(crate) async fn rows(&self, sql: &str) -> Vec<Row> {
        self.tables.rows(&Asked::of(sql)).await
    }

    /// The country that most sessions with the key and a known network came from, if any did.
    pub(crate) async fn country(&self) -> String {
        let sql = "SELECT snapshot_country FROM session_summaries WHERE ssh_key_fingerprint = \
             'KEY' AND snapshot_country IS NOT NULL GROUP BY 1 \
             ORDER BY count(DISTINCT CASE WHEN snapshot_asn IS NOT NULL THEN source_ip END) DESC, \
             count(*) DESC, 1";
        self.tables.lines(&sql.replace("KEY", KEY)).await.first().cloned().unwrap()
    }

    /// A question with values that find something.
    pub(crate) async fn asked(&self, question: &Question) -> Asked {
        let first = async |sql: &str| self.tables.lines(sql).await.first().cloned().unwrap();
        let analysis =
            self.tables.number("SELECT coalesce(max(id), 0) FROM longtail_analysis").await;
        let asn = self.tables.number("SELECT max(asn_number) FROM asn_inventory").await;
        let password_hash = first(
            "SELECT password_hash FROM session_summaries WHERE password_hash IS NOT NULL \
             GROUP BY 1 ORDER BY count(*) DESC, 1",
        );
        let shasum = first("SELECT shasum FROM files GROUP BY 1 ORDER BY count(*) DESC, 1");
        let address = first("SELECT ip_address FROM ip_asn_history ORDER BY 1");
        let (password_hash, shasum, address) = (password_hash.await, shasum.await, address.await);
        let country = self.country().await;
        question.asked(&self.tables, |name| {
            let value = match name {
                "fingerprint" => KEY,
                "country" => &country,
                "kind" => "datacenter",
                "session" => SESSION,
                "address" => &address,
                "after_address" | "after_session" => "",
                "command" => "sh",
                "since" => "2000-01-01T00:00:00Z",
                "until" => "2100-01-01T00:00:00Z",
                "at_least" => "2",
                "password_hash" => &password_hash,
                "shasum" => &shasum,
                "asn" => return asn.to_string(),
                "analysis" => return analysis.to_string(),
                _ => panic!("no value is known for `{name}` of `{}`", question.title),
            };
            value.to_owned()
        })
    }

    /// The rows of a question.
    pub(crate) async fn answer(&self, question: &Question) -> Vec<Row> {
        self.tables.rows(&self.asked(question).await).await
    }
}

/// A session whose texts hold NUL and halves of surrogate pairs, which no question may trip over.
const HOSTILE: &[u8] = br#"
{"eventid":"cowrie.session.connect","session":"00000000000f","src_ip":"81.2.69.142","src_port":1,"dst_ip":"10.0.0.1","dst_port":22,"protocol":"ssh","sensor":"honeypot\u0000","timestamp":"2024-12-01T00:00:00.000000Z"}
{"eventid":"cowrie.client.version","session":"00000000000f","version":"SSH-2.0-\u0000\ud800","src_ip":"81.2.69.142","sensor":"honeypot\u0000","timestamp":"2024-12-01T00:00:01.000000Z"}
{"eventid":"cowrie.login.success","session":"00000000000f","username":"ro\u0000ot","password":"\u0000\udc00","src_ip":"81.2.69.142","sensor":"honeypot\u0000","timestamp":"2024-12-01T00:00:02.000000Z"}
{"eventid":"cowrie.command.input","session":"00000000000f","input":"echo \u0000\ud800","src_ip":"81.2.69.142","sensor":"honeypot\u0000","timestamp":"2024-12-01T00:00:03.000000Z"}
{"eventid":"cowrie.session.file_upload","session":"00000000000f","filename":"a\u0000b","shasum":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","src_ip":"81.2.69.142","sensor":"honeypot\u0000","timestamp":"2024-12-01T00:00:04.000000Z"}
{"eventid":"cowrie.session.closed","session":"00000000000f","duration":5.0,"src_ip":"81.2.69.142","sensor":"honeypot\u0000","timestamp":"2024-12-01T00:00:05.000000Z"}
"#;

struct Silent;

impl Observer for Silent {
    fn progress(&self, _progress: &Progress) {}
    fn problem(&self, _problem: &FileProblem) {}
}

async fn load_example(db: &TestDb) {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let keep_open = 4.try_into().unwrap();
    let source = MaxMind::open_dir(&examples.join("mmdb"), MaxMindOptions { keep_open });
    let options = LoadOptions {
        ingest_id: "test".to_owned(),
        dry_run: false,
        read: ReadOptions::STANDARD,
        transaction_events: TRANSACTION_EVENTS.into(),
    };
    let net_new = NetNew { source: &source, is_wanted: &|_| true };
    let mut hostile = tempfile::NamedTempFile::new().unwrap();
    hostile.write_all(HOSTILE).unwrap();
    let paths = [&examples.join("logs"), hostile.path()];
    let paths = paths.map(|path| path.to_string_lossy().into_owned());
    let sources = find(&paths, FindOptions { ignore_missing: false }).unwrap().sources;
    let store = Store::over(db.connection().clone()).await.unwrap();
    let plan = plan_whole(sources, &store.cursors().await.unwrap());
    let clock = FixedClock(DateTime::from_timestamp(1_790_000_000, 0).unwrap());
    let stop = CancellationToken::new();
    let loaded = load(&store, plan, &net_new, &options, &clock, &stop, &Silent).await.unwrap();
    assert_eq!(loaded.rejected, 0);
}

/// Two larger campaigns than the logs hold, and what comes to be known after a load: kinds of networks and addresses, reputation, breaches, and
/// that addresses have moved. `enrichment + '…' + nothing` adds keys to a document.
const LATER: &str = r#"
    UPDATE session_summaries SET ssh_key_fingerprint =
        'SHA256:MkYY9qiVsFGBC5WkjoClCkwEFW5iSjcGQF7m4n4H7Cw'
        WHERE ssh_key_fingerprint IS NULL AND substr(session_id, 12) IN ('4', '5', '6', '7', '8');
    UPDATE session_summaries SET ssh_key_fingerprint = 'SHA256:another'
        WHERE ssh_key_fingerprint IS NULL AND substr(session_id, 12) IN ('9', 'a', 'b');
    UPDATE asn_inventory SET organization_country = 'US', asn_type =
        CASE WHEN total_session_count > 10 THEN 'hosting' ELSE 'isp' END
        WHERE total_session_count > 5;
    UPDATE ip_inventory SET current_asn = (SELECT max(asn_number) FROM asn_inventory)
        WHERE current_asn IS NOT NULL AND ip_address LIKE '%1';
    UPDATE ip_inventory SET enrichment =
        enrichment + '{"dshield": {"attacks": 0}, "maxmind": {"country": "NL"}}' + nothing
        WHERE ip_address LIKE '%2' AND geo_country IS NOT NULL;
    UPDATE ip_inventory SET enrichment =
        enrichment + '{"dshield": {"attacks": 12}, "greynoise": {"noise": true}}' + nothing
        WHERE ip_address LIKE '%4';
    UPDATE ip_inventory SET enrichment =
        enrichment + '{"dshield": {"attacks": 5000}, "spur": {"tunnels": [{"type": "VPN"}]}}' + nothing
        WHERE ip_address LIKE '%5';
    UPDATE ip_inventory SET enrichment =
        enrichment + '{"ip_classification": {"ip_type": "datacenter"}}' + nothing
        WHERE geo_country IS NOT NULL;
    UPDATE session_summaries SET dshield_flagged = true, enrichment =
        enrichment + '{"dshield": {"attacks": 12}}' + nothing WHERE source_ip LIKE '%4';
    UPDATE session_summaries SET snapshot_ip_type = CASE snapshot_country WHEN 'GB' THEN 'vpn'
        WHEN 'PH' THEN 'residential' ELSE 'datacenter' END WHERE snapshot_country IS NOT NULL;
    UPDATE session_summaries SET snapshot_asn = (SELECT min(asn_number) FROM asn_inventory)
        WHERE session_id = '86c838f14dc6' AND snapshot_asn IS NULL;
    UPDATE session_summaries SET first_event_at = '2001-01-01T00:00:00.000000+00:00'
        WHERE session_id LIKE '%f';
    UPDATE files SET file_size = 10, vt_classification = 'trojan', vt_positives = 7,
        download_url = 'http://192.0.2.1/a';
    UPDATE password_tracking SET breached = (times_seen > 1), breach_prevalence = times_seen * 7
        WHERE times_seen < 20;
    UPDATE password_statistics SET breached_count = 3, novel_count = 1, max_prevalence = 4000;
"#;

/// An analysis with a rare command and an outlier, and one of a month before that found nothing.
const RARE: &str = r#"
    INSERT INTO longtail_analysis (id, detector, parameters_hash, normaliser_version, scope,
        window_start, window_end, analysis_time, confidence_score, total_events_analyzed,
        rare_command_count, anomalous_sequence_count, outlier_session_count,
        emerging_pattern_count, high_entropy_payload_count, analysis_duration_seconds,
        memory_usage_mb, data_quality_score, enrichment_coverage)
    VALUES
        (1, 'longtail-1', 'p', 1, 'all', '2024-11-01T00:00:00.000000+00:00',
        '2024-12-01T00:00:00.000000+00:00', '2025-01-01T00:00:00.000000+00:00', NULL, 10,
        0, 0, 0, 0, 0, 0.5, 10, NULL, NULL),
        (2, 'longtail-1', 'p', 1, 'all', '2024-12-01T00:00:00.000000+00:00',
        '2025-01-01T00:00:00.000000+00:00', '2025-01-01T00:00:00.000000+00:00', 0.75, 1000,
        1, 0, 1, 0, 0, 1.25, 12.5, 0.9, 0.5);
    INSERT INTO longtail_detections (id, analysis_id, detection_type, session_id, detection_data,
        confidence_score, severity_score, timestamp)
    VALUES
        (1, 2, 'rare_command', NULL, '{"command": "sh"}', 0.9, 0.8,
        '2024-12-02T00:00:00.000000+00:00'),
        (2, 2, 'outlier_session', '86c838f14dc6', '{"score": 0.7}', 0.6, 0.7,
        '2024-12-03T00:00:00.000000+00:00');
    INSERT INTO longtail_detection_sessions (detection_id, session_id)
        SELECT 1, session_id FROM command_stats WHERE command_normalized = 'sh';
    INSERT INTO longtail_detection_sessions (detection_id, session_id)
        VALUES (2, '86c838f14dc6');
"#;
