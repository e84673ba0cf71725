//! The database itself: where it is, who may write, and what its errors mean.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, Sqlite, SqlitePool, Transaction};
use storage::{PoolNumbers, StoreError, WaitingRoom};

/// What the shared statements run on.
pub type Connection = sqlx::SqliteConnection;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Where the data lives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SqliteLocation {
    /// Created, for its owner only, when it does not exist.
    File(PathBuf),
    /// Gone with the process.
    Memory,
}

/// One writer and, for a file, readers beside it.
#[derive(Clone, Debug)]
pub struct Database {
    writer: SqlitePool,
    readers: SqlitePool,
    to_write: WaitingRoom,
    to_read: WaitingRoom,
}

impl Database {
    /// Twice the cores of a small server; more only wait for each other.
    const READERS: u32 = 4;
    /// How long another process may hold the lock.
    const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
    /// How long a request waits for its turn before it is told to come back.
    const TURN_TIMEOUT: Duration = Duration::from_secs(10);

    pub async fn open(location: &SqliteLocation) -> Result<Self, Fault> {
        match location {
            SqliteLocation::File(path) => Self::open_file(path).await,
            SqliteLocation::Memory => Self::open_memory().await,
        }
    }

    async fn open_file(path: &Path) -> Result<Self, Fault> {
        create_private(path).map_err(StoreError::unavailable)?;
        let options = options().filename(path).journal_mode(SqliteJournalMode::Wal);
        let writer = pool(1)
            // A full disk makes SQLite roll back by itself, which sqlx does not notice: it would
            // count an open transaction for ever. Such a connection is replaced.
            .before_acquire(|connection, _| Box::pin(async { Ok(!connection.is_in_transaction()) }))
            .connect_with(options.clone())
            .await?;
        let readers = pool(Self::READERS).connect_with(options.pragma("query_only", "ON")).await?;
        Ok(Self {
            writer,
            readers,
            to_write: WaitingRoom::default(),
            to_read: WaitingRoom::default(),
        })
    }

    /// Every connection to `:memory:` is a database of its own, so there is exactly one, for ever.
    async fn open_memory() -> Result<Self, Fault> {
        let writer = pool(1).min_connections(1).connect_with(options()).await?;
        let waiting = WaitingRoom::default();
        Ok(Self { readers: writer.clone(), writer, to_write: waiting.clone(), to_read: waiting })
    }

    /// A connection that sees everything committed before.
    pub async fn reader(&self) -> Result<PoolConnection<Sqlite>, Fault> {
        Ok(self.to_read.until(self.readers.acquire()).await?)
    }

    /// A transaction that holds the only write lock from its first statement on, so it cannot fail
    /// half-way because another writer came first. Dropping it rolls it back.
    pub async fn transaction(&self) -> Result<Transaction<'static, Sqlite>, Fault> {
        Ok(self.to_write.until(self.writer.begin_with("BEGIN IMMEDIATE")).await?)
    }

    pub async fn migrate(&self) -> Result<(), Fault> {
        let mut connection = self.writer.acquire().await?;
        MIGRATIONS.run_direct(None, &mut *connection, false).await?;
        Ok(())
    }

    pub async fn pending_migrations(&self) -> Result<Vec<String>, Fault> {
        let mut connection = self.writer.acquire().await?;
        connection.ensure_migrations_table(&MIGRATIONS.table_name).await?;
        let applied = connection.list_applied_migrations(&MIGRATIONS.table_name).await?;
        Ok(MIGRATIONS
            .iter()
            .filter(|migration| applied.iter().all(|done| done.version != migration.version))
            .map(|migration| format!("{:04} {}", migration.version, migration.description))
            .collect())
    }

    /// Waits for running statements, then writes the log back into the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    pub fn pools(&self) -> Vec<(&'static str, PoolNumbers)> {
        let numbers = |pool: &SqlitePool, waiting: &WaitingRoom| PoolNumbers {
            open: pool.size(),
            idle: u32::try_from(pool.num_idle()).unwrap_or(u32::MAX),
            most: pool.options().get_max_connections(),
            waiting: waiting.waiting(),
        };
        vec![
            ("sqlite_writer", numbers(&self.writer, &self.to_write)),
            ("sqlite_readers", numbers(&self.readers, &self.to_read)),
        ]
    }

    #[cfg(test)]
    pub fn writer(&self) -> &SqlitePool {
        &self.writer
    }
}

fn options() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .foreign_keys(true)
        .busy_timeout(Database::BUSY_TIMEOUT)
        // With a write-ahead log only FULL survives power loss; NORMAL forgets the last commits.
        .synchronous(SqliteSynchronous::Full)
        // What is deleted is overwritten: an erased key must not lie in a free page.
        .pragma("secure_delete", "ON")
}

/// Connections are local and never go stale: no ping before use, no end of life.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Database::TURN_TIMEOUT)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// SQLite gives its log and index the permissions of the file.
fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;

    let mut options = std::fs::OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// What goes wrong inside the adapter.
#[derive(Debug)]
pub enum Fault {
    Database(sqlx::Error),
    Store(StoreError),
}

impl Fault {
    /// A file does not go away in the middle of a statement.
    #[expect(clippy::unused_self, reason = "the other adapter's faults differ")]
    pub fn is_lost_connection(&self) -> bool {
        false
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<MigrateError> for Fault {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                Self::Database(error)
            }
            other => Self::Store(StoreError::corrupt(other)),
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(error) => error,
            Fault::Database(error) if means_corruption(&error) => Self::corrupt(error),
            Fault::Database(error) => Self::unavailable(error),
        }
    }
}

/// Everything else (busy, locked, full, read-only, I/O, no turn in time) passes when somebody waits
/// or makes room.
fn means_corruption(error: &sqlx::Error) -> bool {
    // Primary result codes: SQLITE_CORRUPT, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_NOTADB.
    const CORRUPT: [i64; 4] = [11, 19, 20, 26];
    match error {
        sqlx::Error::Database(error) => error
            .code()
            .and_then(|code| code.parse::<i64>().ok())
            .is_some_and(|extended| CORRUPT.contains(&(extended & 0xff))),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::RowNotFound => {
            true
        }
        _ => false,
    }
}
