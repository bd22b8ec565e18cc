//! The question that everything is for: the sessions of a key from a country, by index.

use cowrie_testdb::{Engine, TestDb};
use sea_orm::{ConnectionTrait, QueryResult, Statement};

use crate::site::{PLAIN, load_into, logs};

async fn ask(db: &TestDb, sql: &str) -> Vec<QueryResult> {
    let statement = Statement::from_string(db.connection().get_database_backend(), sql);
    db.connection().query_all_raw(statement).await.unwrap()
}

#[tokio::test]
async fn sessions_of_a_key_and_a_country_come_from_one_table_by_index() {
    let question = "SELECT session_id, source_ip, snapshot_asn, snapshot_country \
                    FROM session_summaries WHERE ssh_key_fingerprint = ";
    for engine in Engine::ALL {
        let db = TestDb::migrated(engine).await;
        load_into(&db, &logs(&["example"]), PLAIN).await;
        // The key and country with most sessions, found the long way: from who planted what.
        let planted = ask(
            &db,
            "SELECT k.key_fingerprint, s.snapshot_country, count(*) AS n \
             FROM session_ssh_keys u JOIN ssh_key_intelligence k ON k.id = u.ssh_key_id \
             JOIN session_summaries s ON s.session_id = u.session_id \
             WHERE u.injection_method <> 'offered' AND s.snapshot_country IS NOT NULL \
             GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2",
        )
        .await;
        let best = planted.first().unwrap();
        let (key, country, count): (String, String, i64) = best.try_get_many_by_index().unwrap();
        assert!(key.starts_with("SHA256:") && count > 1, "{key} {country} {count}");
        let sql = format!("{question}'{key}' AND snapshot_country = '{country}'");
        assert_eq!(ask(&db, &sql).await.len(), usize::try_from(count).unwrap());
        let plan = match engine {
            Engine::Sqlite => format!("EXPLAIN QUERY PLAN {sql}"),
            Engine::Postgres => {
                ask(&db, "ANALYZE session_summaries").await;
                format!("EXPLAIN {sql}")
            }
        };
        let column = if engine == Engine::Sqlite { "detail" } else { "QUERY PLAN" };
        let plan: Vec<String> =
            ask(&db, &plan).await.iter().map(|row| row.try_get("", column).unwrap()).collect();
        let plan = plan.join("\n");
        assert!(plan.contains("ssh_key_fingerprint") && !plan.contains("Seq Scan"), "{plan}");
    }
}
