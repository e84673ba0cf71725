//! What the baselines read and write: one row by its primary key, one row in a transaction.

use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};

/// As long as a row that the provider writes.
const PADDING: usize = 600;

#[derive(Clone)]
pub enum Database {
    /// One writer, some readers: as the provider's embedded store.
    Sqlite {
        readers: SqlitePool,
        writer: SqlitePool,
    },
    Postgres(PgPool),
}

impl Database {
    /// By URL: `sqlite:<path>` or `postgres:…`.
    pub async fn open(url: &str) -> Self {
        let database = match url.strip_prefix("sqlite:") {
            Some(path) => Self::sqlite(path).await,
            None => Self::postgres(url).await,
        };
        database.prepare().await;
        database
    }

    async fn sqlite(path: &str) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let pool = |most| {
            SqlitePoolOptions::new()
                .max_connections(most)
                .test_before_acquire(false)
                .connect_with(options.clone())
        };
        let (writer, readers) = (pool(1).await, pool(4).await);
        Self::Sqlite { writer: writer.expect("SQLite"), readers: readers.expect("SQLite") }
    }

    async fn postgres(url: &str) -> Self {
        let options = PgConnectOptions::from_str(url).expect("a PostgreSQL URL");
        let cores = std::thread::available_parallelism().map_or(2, usize::from) as u32;
        let pool = PgPoolOptions::new()
            .max_connections(cores * 4)
            .test_before_acquire(false)
            .connect_with(options);
        Self::Postgres(pool.await.expect("PostgreSQL answers"))
    }

    async fn prepare(&self) {
        let padding = "x".repeat(PADDING);
        match self {
            Self::Sqlite { writer, .. } => {
                for statement in [
                    "CREATE TABLE bare_read (id INTEGER PRIMARY KEY, body TEXT NOT NULL)",
                    "CREATE TABLE bare_write (id INTEGER PRIMARY KEY, body TEXT NOT NULL)",
                ] {
                    sqlx::query(statement).execute(writer).await.expect("a table");
                }
                for id in 0..64_i64 {
                    let insert = sqlx::query("INSERT INTO bare_read VALUES ($1, $2)");
                    insert.bind(id).bind(&padding).execute(writer).await.expect("a row");
                }
            }
            Self::Postgres(pool) => {
                for statement in [
                    "CREATE TABLE bare_read (id BIGINT PRIMARY KEY, body TEXT NOT NULL)",
                    "CREATE TABLE bare_write (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body TEXT NOT NULL)",
                ] {
                    sqlx::query(statement).execute(pool).await.expect("a table");
                }
                for id in 0..64_i64 {
                    let insert = sqlx::query("INSERT INTO bare_read VALUES ($1, $2)");
                    insert.bind(id).bind(&padding).execute(pool).await.expect("a row");
                }
            }
        }
    }

    pub async fn select(&self, id: i64) -> Option<String> {
        const SELECT: &str = "SELECT body FROM bare_read WHERE id = $1";
        match self {
            Self::Sqlite { readers, .. } => {
                sqlx::query_scalar(SELECT).bind(id).fetch_one(readers).await.ok()
            }
            Self::Postgres(pool) => sqlx::query_scalar(SELECT).bind(id).fetch_one(pool).await.ok(),
        }
    }

    pub async fn insert(&self, text: &[u8]) -> Option<()> {
        const INSERT: &str = "INSERT INTO bare_write (body) VALUES ($1)";
        let mut body = String::from_utf8_lossy(text).into_owned();
        body.truncate(PADDING);
        match self {
            Self::Sqlite { writer, .. } => {
                let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.ok()?;
                sqlx::query(INSERT).bind(body).execute(&mut *transaction).await.ok()?;
                transaction.commit().await.ok()
            }
            Self::Postgres(pool) => {
                let mut transaction = pool.begin().await.ok()?;
                sqlx::query(INSERT).bind(body).execute(&mut *transaction).await.ok()?;
                transaction.commit().await.ok()
            }
        }
    }
}
