//! A database file, and somebody who meddles with it behind the server's back.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, SqliteConnection};
use tempfile::TempDir;

/// Gone, with its directory, when dropped.
pub struct Database {
    pub directory: TempDir,
    pub file: PathBuf,
}

impl Database {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("vneid.db");
        Self { directory, file }
    }

    /// A connection of another process, as far as the server can tell.
    pub async fn connection(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(&self.file);
        let options = options.busy_timeout(Duration::from_secs(10)).foreign_keys(false);
        options.connect().await.expect("the file opens")
    }

    /// Runs statements on the file.
    pub async fn meddle(&self, sql: &str) {
        let mut connection = self.connection().await;
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await;
        done.expect("the statement runs");
        connection.close().await.expect("the connection closes");
    }
}

impl Default for Database {
    fn default() -> Self {
        Self::new()
    }
}
