//! Versions of the file. Each step leads from the version of its place in the list to the next; steps are never changed.

use std::path::Path;

use rusqlite::Connection;

use super::{StoreError, sql_error};

const STEPS: [&str; 1] = ["
    CREATE TABLE spell (
        account TEXT NOT NULL,
        control TEXT NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER,
        data TEXT NOT NULL,
        UNIQUE (account, control, since)
    ) STRICT;
    CREATE INDEX spell_until ON spell (until);
    CREATE TABLE occurrence (
        account TEXT NOT NULL,
        control TEXT NOT NULL,
        at INTEGER NOT NULL,
        kind TEXT NOT NULL,
        message TEXT NOT NULL,
        data TEXT NOT NULL,
        UNIQUE (account, control, at, kind, message)
    ) STRICT;
    CREATE INDEX occurrence_at ON occurrence (at);
    CREATE TABLE watched (
        account TEXT NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL,
        UNIQUE (account, since)
    ) STRICT;
    CREATE INDEX watched_until ON watched (until);
    CREATE TABLE memory (
        account TEXT NOT NULL,
        control TEXT NOT NULL,
        kind TEXT NOT NULL,
        data TEXT NOT NULL,
        UNIQUE (account, control, kind)
    ) STRICT;
"];

/// Brings a file up to date; an empty one is of version 0.
pub(super) fn upgrade(connection: &mut Connection, file: &Path) -> Result<(), StoreError> {
    let sql = sql_error(file);
    if version(connection, file)? == 0 {
        // To be said before the first table is made.
        connection
            .pragma_update(None, "auto_vacuum", "INCREMENTAL")
            .map_err(&sql)?;
    }
    // A killed process loses nothing; a power cut loses at most the last moments, and damages nothing
    // (SQLite documentation, "PRAGMA synchronous").
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .map_err(&sql)?;
    connection
        .pragma_update(None, "synchronous", "NORMAL")
        .map_err(&sql)?;
    let from = check(connection, file)?;
    for (number, step) in (1_i64..).zip(STEPS).skip(from) {
        let transaction = connection.transaction().map_err(&sql)?;
        transaction.execute_batch(step).map_err(&sql)?;
        transaction
            .pragma_update(None, "user_version", number)
            .map_err(&sql)?;
        transaction.commit().map_err(&sql)?;
    }
    Ok(())
}

/// The number of steps that a file has behind it.
pub(super) fn check(connection: &Connection, file: &Path) -> Result<usize, StoreError> {
    let found = version(connection, file)?;
    match usize::try_from(found) {
        Ok(steps) if steps <= STEPS.len() => Ok(steps),
        _ => Err(StoreError::Newer {
            path: file.to_owned(),
            found,
            known: i64::try_from(STEPS.len()).unwrap_or(i64::MAX),
        }),
    }
}

fn version(connection: &Connection, file: &Path) -> Result<i64, StoreError> {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(sql_error(file))
}
