//! Design §5: two folders of migrations, the same names, the same tables.

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::migrate::Migrator;

/// What only this database has: how the ledger is numbered, and values for want of Redis.
const OURS_ALONE: [&str; 2] = ["ledger_base", "transients"];

/// Column name to whether it must have a value and what kind of value.
type Columns = BTreeMap<String, (bool, &'static str)>;

async fn in_sqlite() -> BTreeMap<String, Columns> {
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../storage-sqlite/migrations");
    let pool = sqlx::sqlite::SqlitePoolOptions::new().max_connections(1);
    let pool = pool.connect("sqlite::memory:").await.unwrap();
    Migrator::new(migrations).await.unwrap().run(&pool).await.unwrap();
    let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
        "SELECT t.name, c.name, c.type, c.\"notnull\" OR c.pk > 0
         FROM pragma_table_list AS t JOIN pragma_table_info(t.name) AS c
         WHERE t.schema = 'main' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE '_sqlx%'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    collected(rows)
}

fn collected(rows: Vec<(String, String, String, bool)>) -> BTreeMap<String, Columns> {
    let mut tables: BTreeMap<String, Columns> = BTreeMap::new();
    for (table, column, kind, required) in rows {
        let kind = match kind.to_lowercase().as_str() {
            "integer" | "bigint" | "boolean" => "number",
            "text" => "text",
            "blob" | "bytea" | "uuid" => "bytes",
            other => panic!("{table}.{column} is a {other}"),
        };
        tables.entry(table).or_default().insert(column, (required, kind));
    }
    tables
}

#[tokio::test]
async fn both_databases_have_the_same_tables() {
    let (store, database) = super::fresh().await;
    store.close().await;
    let pool = sqlx::PgPool::connect(&database.url()).await.unwrap();
    let rows: Vec<(String, String, String, bool)> = sqlx::query_as(
        "SELECT c.relname::text, a.attname::text, a.atttypid::regtype::text, a.attnotnull
         FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
           AND NOT c.relispartition AND NOT a.attisdropped AND c.relname NOT LIKE '\\_sqlx%'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    pool.close().await;
    let mut here = collected(rows);
    for table in OURS_ALONE {
        assert!(here.remove(table).is_some(), "{table}");
    }
    assert_eq!(here, in_sqlite().await);
}

#[test]
fn migrations_have_the_same_numbers_and_names() {
    let names = |folder: &str| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut names: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names("migrations"), names("../storage-sqlite/migrations"));
    assert!(!names("migrations").is_empty());
}
