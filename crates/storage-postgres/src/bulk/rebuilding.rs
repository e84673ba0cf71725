//! What an empty database does without while it is loaded. Keeping indexes in order under rows that
//! come in no order costs far more than building them once.
//!
//! How to build again is written into a table in the transaction that takes down. A load that was
//! interrupted is thereby a pending migration: `vneid migrate` finishes it, and until then no node
//! of production starts on tables whose keys are not enforced.

use sqlx::{AssertSqlSafe, Executor as _};

use crate::database::{Connection, Database, Fault};

/// Tables that a load fills.
const FILLED: &[&str] =
    &["subjects", "subject_keys", "login_names", "person_names", "authenticators", "grants"];

/// Exists only while there is something to build.
const TO_BUILD: &str = "CREATE TABLE unfinished_load (
    step INTEGER PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    statement TEXT NOT NULL
)";

/// Keys, then other indexes, then references, each with what takes it down and what builds it. What
/// a partition or a referenced partition has for its parent goes and comes with it.
const PARTS: &str = "
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
              pg_get_constraintdef(oid)),
       CASE contype WHEN 'f' THEN 3 ELSE 1 END AS place
FROM pg_constraint
WHERE conparentid = 0 AND contype IN ('p', 'u', 'f')
  AND (conrelid::regclass::text = ANY($1) OR confrelid::regclass::text = ANY($1))
UNION ALL
SELECT format('DROP INDEX %s', indexrelid::regclass),
       replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON '),
       2
FROM pg_index
WHERE indrelid::regclass::text = ANY($1)
  AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)
ORDER BY place, 1";

/// Only their owner may take anything down.
const OURS: &str = "
SELECT bool_and(pg_has_role(relowner, 'USAGE')) FROM pg_class WHERE oid::regclass::text = ANY($1)";

const PATIENT: &str = "SET LOCAL statement_timeout = 0; SET LOCAL maintenance_work_mem = '512MB'";

/// Takes down what can be built again, where there are no rows yet and we are the owner; elsewhere
/// it does nothing, and loading takes longer.
pub async fn take_down(database: &Database) -> Result<(), Fault> {
    let mut transaction = database.transaction().await?;
    if !sqlx::query_scalar(OURS).bind(FILLED).fetch_one(&mut *transaction).await? {
        return Ok(());
    }
    for table in FILLED {
        let any = format!("SELECT EXISTS (SELECT 1 FROM {table})");
        if sqlx::query_scalar(AssertSqlSafe(any)).fetch_one(&mut *transaction).await? {
            return Ok(());
        }
    }
    if is_unfinished(&mut transaction).await? {
        return Ok(());
    }
    transaction.execute(TO_BUILD).await?;
    let parts: Vec<(String, String, i32)> =
        sqlx::query_as(PARTS).bind(FILLED).fetch_all(&mut *transaction).await?;
    for (_, build, _) in &parts {
        sqlx::query("INSERT INTO unfinished_load (statement) VALUES ($1)")
            .bind(build)
            .execute(&mut *transaction)
            .await?;
    }
    // References before the keys that they refer to.
    for (take_down, _, _) in parts.into_iter().rev() {
        transaction.execute(AssertSqlSafe(take_down)).await?;
    }
    Ok(transaction.commit().await?)
}

/// Whether a load took something down that is not built again.
pub async fn is_unfinished(connection: &mut Connection) -> Result<bool, Fault> {
    let exists = sqlx::query_scalar("SELECT to_regclass('unfinished_load') IS NOT NULL");
    Ok(exists.fetch_one(connection).await?)
}

/// Builds what was taken down, a transaction each, so that an interruption loses one at most.
pub async fn finish(database: &Database) -> Result<(), Fault> {
    loop {
        let mut transaction = database.transaction().await?;
        if !is_unfinished(&mut transaction).await? {
            return Ok(());
        }
        transaction.execute(PATIENT).await?;
        // Whoever finishes the same load waits here.
        transaction.execute("LOCK TABLE unfinished_load").await?;
        let next: Option<(i32, String)> =
            sqlx::query_as("SELECT step, statement FROM unfinished_load ORDER BY step LIMIT 1")
                .fetch_optional(&mut *transaction)
                .await?;
        match next {
            Some((step, statement)) => {
                tracing::info!(statement, "building what the load did without");
                transaction.execute(AssertSqlSafe(statement)).await?;
                sqlx::query("DELETE FROM unfinished_load WHERE step = $1")
                    .bind(step)
                    .execute(&mut *transaction)
                    .await?;
            }
            None => {
                transaction.execute("DROP TABLE unfinished_load").await?;
            }
        }
        transaction.commit().await?;
    }
}
