//! Partitions by time, made and dropped by functions of the schema: the account that serves requests
//! may change no table itself.

use crate::database::{Connection, Fault};

/// Those of `moment` and `ahead` more units (`month` or `day`); how many were missing.
pub async fn make(
    connection: &mut Connection,
    parent: &str,
    unit: &str,
    moment: i64,
    ahead: i32,
) -> Result<i32, Fault> {
    let made = sqlx::query_scalar!(
        r#"SELECT make_partitions($1, $2, $3, $4) AS "made!""#,
        parent,
        unit,
        moment,
        ahead,
    );
    Ok(made.fetch_one(connection).await?)
}

/// Those that lie wholly before the unit that `moment` is in; how many there were.
pub async fn drop_before(
    connection: &mut Connection,
    parent: &str,
    unit: &str,
    moment: i64,
) -> Result<i32, Fault> {
    let dropped = sqlx::query_scalar!(
        r#"SELECT drop_partitions($1, $2, $3) AS "dropped!""#,
        parent,
        unit,
        moment,
    );
    Ok(dropped.fetch_one(connection).await?)
}
