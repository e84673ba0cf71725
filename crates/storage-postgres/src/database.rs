//! The database itself: where it is, the pool, and what its errors mean.

use std::ops::{Deref, DerefMut};
use std::path::PathBuf;
use std::pin::pin;
use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::{
    ConnectOptions as _, Connection as _, Executor as _, PgPool, Postgres, Row as _, Transaction,
};
use storage::{PoolNumbers, StoreError, WaitingRoom};

/// What the shared statements run on.
pub type Connection = sqlx::PgConnection;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// How long a starting process waits for one that is migrating.
const MIGRATION_LOCK_TIMEOUT: Duration = Duration::from_mins(5);
/// Nobody waits *in* the database for the lock: an index that is built beside the traffic waits for
/// every statement that began before it, also for one that waits.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// A connection idle for longer is tried before it is used.
const RESTED: Duration = Duration::from_secs(1);
/// What the network may take on top of a statement.
const GRACE: Duration = Duration::from_millis(500);
/// Dead connections thrown away before a caller is told.
const ATTEMPTS: u32 = 4;

/// A process that is held up between append and commit must not commit minutes later: nodes forget
/// a take-back a quarter of an hour after the instant it bears (docs/model.md).
const STANDS_STILL: &str = "30s";

/// Where the database is and how much of it to use.
#[derive(Clone)]
pub struct PostgresLocation {
    /// `postgres://user:password@host/database`. Several hosts of one cluster are tried in turn until
    /// one is found that takes writes.
    pub urls: Vec<String>,
    /// Instead of one in the URL.
    pub password: Option<String>,
    /// The authority that signed the server's certificate; the connection is then encrypted and the
    /// server's name checked.
    pub ca_file: Option<PathBuf>,
    pub connections: u32,
    /// How long a request waits for a connection before it is told to come back.
    pub acquire_timeout: Duration,
    /// The server gives up on a statement after this long; we, a little later, on a server that
    /// says nothing.
    pub statement_timeout: Duration,
    /// Statements kept prepared on each connection.
    pub statement_cache: usize,
    /// Behind PgBouncer in transaction mode: nothing is set or kept on a connection.
    pub pooler: bool,
}

impl PostgresLocation {
    /// With the defaults of an installation that reaches the server directly.
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            urls: vec![url.into()],
            password: None,
            ca_file: None,
            connections: 16,
            acquire_timeout: Duration::from_secs(2),
            statement_timeout: Duration::from_secs(5),
            statement_cache: 200,
            pooler: false,
        }
    }

    fn options(&self) -> Result<Vec<PgConnectOptions>, Fault> {
        self.urls.iter().map(|url| self.option(url)).collect()
    }

    fn option(&self, url: &str) -> Result<PgConnectOptions, Fault> {
        let mut options = PgConnectOptions::from_str(url)
            // The cause may quote the URL, and with it a password.
            .map_err(|_| StoreError::unavailable("the database's URL does not read"))?
            .application_name("vneid")
            .disable_statement_logging();
        if let Some(password) = &self.password {
            options = options.password(password);
        }
        if let Some(file) = &self.ca_file {
            options = options.ssl_mode(PgSslMode::VerifyFull).ssl_root_cert(file);
        }
        if self.pooler {
            return Ok(options.statement_cache_capacity(0));
        }
        let timeout = self.statement_timeout.as_millis().to_string();
        Ok(options.statement_cache_capacity(self.statement_cache).options([
            ("statement_timeout", timeout.as_str()),
            ("idle_in_transaction_session_timeout", STANDS_STILL),
            // Each of our statements has one right plan. Left alone, the planner finds that a plan
            // for one partition looks cheaper, and plans anew at every call.
            ("plan_cache_mode", "force_generic_plan"),
            // All of them touch a few rows by their keys. Where nobody has counted a table yet, the
            // planner takes it for large, and workers or a compiler cost a thousand times the rows.
            ("max_parallel_workers_per_gather", "0"),
            ("jit", "off"),
        ]))
    }
}

#[derive(Clone, Debug)]
pub struct Database {
    pool: PgPool,
    hosts: Arc<[PgConnectOptions]>,
    host: Arc<AtomicUsize>,
    pooler: bool,
    waiting: WaitingRoom,
    patience: Duration,
    silent: Arc<AtomicBool>,
}

/// A connection to read on. Behind a pooler every statement needs a transaction around it, or the
/// next message may reach another server process; it ends when this is dropped.
pub enum Reader {
    Direct(PoolConnection<Postgres>),
    Pooled(Transaction<'static, Postgres>),
}

impl Deref for Reader {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        match self {
            Self::Direct(connection) => connection,
            Self::Pooled(transaction) => transaction,
        }
    }
}

impl DerefMut for Reader {
    fn deref_mut(&mut self) -> &mut Connection {
        match self {
            Self::Direct(connection) => connection,
            Self::Pooled(transaction) => transaction,
        }
    }
}

impl Database {
    /// Opens lazily: a database that is down does not keep a process from starting, its requests are
    /// told that it is away.
    pub fn open(location: &PostgresLocation) -> Result<Self, Fault> {
        let hosts: Arc<[PgConnectOptions]> = location.options()?.into();
        let first = hosts.first().cloned();
        let first = first.ok_or_else(|| StoreError::unavailable("no database is named"))?;
        let silent = Arc::new(AtomicBool::new(false));
        let pool = PgPoolOptions::new()
            .max_connections(location.connections)
            .acquire_timeout(location.acquire_timeout)
            // A ping before every use would cost a fifth of all reads; a connection in steady use
            // that died costs one retry.
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                let rested = meta.idle_for > RESTED;
                Box::pin(async move {
                    if rested {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_release({
                let silent = Arc::clone(&silent);
                move |_, _| {
                    let silent = silent.load(Ordering::Relaxed);
                    Box::pin(async move { if silent { Err(hung()) } else { Ok(true) } })
                }
            })
            .idle_timeout(Duration::from_mins(10))
            .max_lifetime(Duration::from_hours(1))
            .after_connect(|connection, _| Box::pin(refuse_standby(connection)))
            .connect_lazy_with(first);
        Ok(Self {
            pool,
            hosts,
            host: Arc::default(),
            pooler: location.pooler,
            waiting: WaitingRoom::default(),
            patience: location.statement_timeout + GRACE,
            silent,
        })
    }

    /// Waits no longer than a server that is there would take: a network that swallows packets
    /// reports nothing for a quarter of an hour. Connections released meanwhile are thrown away,
    /// because asking one whether it lives would hang just as long.
    pub async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let mut work = pin!(work);
        // Declared after the work, so that the mark is set before its connection is released, also
        // when whoever waits gives up earlier and drops all of this.
        let mut unanswered = Unanswered { silent: &self.silent, over: false };
        let answer = tokio::time::timeout(self.patience, work.as_mut()).await;
        unanswered.over = answer.is_ok();
        answer.unwrap_or_else(|_| Err(hung().into()))
    }

    /// A connection to the primary, which sees everything committed before.
    pub async fn reader(&self) -> Result<Reader, Fault> {
        if self.pooler {
            return Ok(Reader::Pooled(self.transaction().await?));
        }
        Ok(Reader::Direct(self.acquire().await?))
    }

    async fn acquire(&self) -> Result<PoolConnection<Postgres>, Fault> {
        let turn = self.waiting.until(Box::pin(self.pool.acquire()));
        turn.await.map_err(|error| self.elsewhere(error))
    }

    /// Dropping it rolls it back.
    pub async fn transaction(&self) -> Result<Transaction<'static, Postgres>, Fault> {
        // sqlx names its statements also when it keeps none, and whoever had this connection to the
        // server before may have left the same names there.
        let opening = if self.pooler { "BEGIN; DEALLOCATE ALL" } else { "BEGIN" };
        let mut attempt = 1;
        loop {
            let turn = self.waiting.until(Box::pin(self.pool.begin_with(opening)));
            match turn.await.map_err(|error| self.elsewhere(error)) {
                // Nothing was done on it yet.
                Err(fault) if fault.is_lost_connection() && attempt < ATTEMPTS => attempt += 1,
                begun => return begun,
            }
        }
    }

    /// A connection was not to be had: the next attempt goes to the next host of the cluster.
    fn elsewhere(&self, error: sqlx::Error) -> Fault {
        if self.hosts.len() > 1 {
            let next = self.host.fetch_add(1, Ordering::Relaxed) + 1;
            if let Some(options) = self.hosts.get(next % self.hosts.len()) {
                self.pool.set_connect_options(options.clone());
            }
        }
        error.into()
    }

    /// One process at a time; sqlx verifies the checksums of what was applied.
    pub async fn migrate(&self) -> Result<(), Fault> {
        let mut connection = self.acquire().await?;
        let wait = MIGRATION_LOCK_TIMEOUT.as_millis();
        // Waiting for another process that migrates, and a long migration, are no failures.
        let patient = format!("SET statement_timeout = 0; SET lock_timeout = {wait}");
        connection.execute(sqlx::AssertSqlSafe(patient)).await?;
        while !try_lock(&mut connection).await? {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        let mut migrations = sqlx::migrate!();
        migrations.set_locking(false);
        let migrated = migrations.run_direct(None, &mut *connection, false).await;
        // The lock goes with the connection.
        connection.close().await?;
        Ok(migrated?)
    }

    /// Of all tables that are ours; takes as long as it takes.
    pub async fn vacuum(&self) -> Result<(), Fault> {
        let mut connection = self.acquire().await?;
        connection.execute("SET statement_timeout = 0").await?;
        connection.execute("VACUUM (ANALYZE)").await?;
        // The setting goes with the connection.
        Ok(connection.close().await?)
    }

    /// What is not applied yet, as `0001 foundation`. Writes nothing.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, Fault> {
        let mut connection = self.reader().await?;
        let table = &MIGRATIONS.table_name;
        let exists: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
            .bind(table.as_ref())
            .fetch_one(&mut *connection)
            .await?;
        let applied =
            if exists { connection.list_applied_migrations(table).await? } else { vec![] };
        for done in &applied {
            let ours = MIGRATIONS.iter().find(|migration| migration.version == done.version);
            if ours.is_some_and(|ours| ours.checksum != done.checksum) {
                return Err(MigrateError::VersionMismatch(done.version).into());
            }
        }
        Ok(MIGRATIONS
            .iter()
            .filter(|migration| applied.iter().all(|done| done.version != migration.version))
            .map(|migration| format!("{:04} {}", migration.version, migration.description))
            .collect())
    }

    pub fn pool_use(&self) -> PoolNumbers {
        PoolNumbers {
            open: self.pool.size(),
            idle: u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX),
            most: self.pool.options().get_max_connections(),
            waiting: self.waiting.waiting(),
        }
    }

    /// What a connection of its own (LISTEN) is opened with.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Waits for running statements.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// A call to the server; until one is answered again, what is released is doubted.
struct Unanswered<'a> {
    silent: &'a AtomicBool,
    over: bool,
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        self.silent.store(!self.over, Ordering::Relaxed);
    }
}

fn hung() -> sqlx::Error {
    std::io::Error::new(std::io::ErrorKind::TimedOut, "the database does not answer").into()
}

async fn try_lock(connection: &mut Connection) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtext('vneid_migrate'))")
        .fetch_one(connection)
        .await
}

/// A standby answers reads that are older than our own writes, and no writes.
async fn refuse_standby(connection: &mut Connection) -> sqlx::Result<()> {
    // One message: behind a pooler the second one may reach another server process.
    let answer = sqlx::raw_sql("SELECT pg_is_in_recovery()").fetch_one(connection).await?;
    if answer.try_get::<bool, _>(0)? {
        return Err(sqlx::Error::Io(std::io::Error::other("this server is a standby")));
    }
    Ok(())
}

/// What goes wrong inside the adapter.
#[derive(Debug)]
pub enum Fault {
    Database(sqlx::Error),
    Store(StoreError),
}

impl Fault {
    /// The transaction met another one and was undone whole: done again, it may succeed.
    pub fn is_collision(&self) -> bool {
        // serialization_failure, deadlock_detected
        matches!(self.code().as_deref(), Some("40001" | "40P01"))
    }

    /// The same key is there already.
    pub fn is_duplicate(&self) -> bool {
        // unique_violation
        self.code().as_deref() == Some("23505")
    }

    /// The connection was dead before the statement could have had an effect on anybody: reading
    /// again on another connection is as good as the first time.
    pub fn is_lost_connection(&self) -> bool {
        // admin_shutdown, crash_shutdown, cannot_connect_now
        matches!(self.code().as_deref(), Some("57P01" | "57P02" | "57P03"))
            || matches!(self, Self::Database(sqlx::Error::Io(_)))
    }

    fn code(&self) -> Option<String> {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().map(String::from),
            Self::Database(_) | Self::Store(_) => None,
        }
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

/// Everything else (away, starting, stopping, full, too slow, no turn in time) passes when somebody
/// waits or makes room.
fn means_corruption(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| {
            // data_exception, integrity_constraint_violation, data_corrupted
            code.starts_with("22") || code.starts_with("23") || code.starts_with("XX")
        }),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::RowNotFound => {
            true
        }
        _ => false,
    }
}
