//! Entries as rows.

use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use crate::journal::entry::Entry;
use crate::journal::record::Spell;
#[cfg(test)]
use crate::mutant::{Mutant, planted};

pub(super) fn put(connection: &Connection, entry: &Entry) -> rusqlite::Result<()> {
    match entry {
        Entry::Spell(spell) => {
            end_earlier(connection, spell)?;
            put_row(
                connection,
                "INSERT OR REPLACE INTO spell (account, control, since, until, data) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    spell.account.as_str(),
                    spell.control,
                    spell.since.as_microsecond(),
                    spell.until.map(Timestamp::as_microsecond),
                    json(spell)?,
                ],
            )
        }
        Entry::Occurrence(one) => put_row(
            connection,
            "INSERT OR REPLACE INTO occurrence (account, control, at, kind, message, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                one.account.as_str(),
                one.control.as_deref().unwrap_or_default(),
                one.at.as_microsecond(),
                one.kind.name(),
                one.message,
                json(one)?,
            ],
        ),
        Entry::Watched(one) => put_row(
            connection,
            "INSERT OR REPLACE INTO watched (account, since, until) VALUES (?1, ?2, ?3)",
            params![
                one.account.as_str(),
                one.since.as_microsecond(),
                one.until.as_microsecond(),
            ],
        ),
        Entry::KnownGood {
            account,
            control,
            known_good,
        } => put_memory(
            connection,
            account.as_str(),
            control,
            "known_good",
            Some(&json(known_good)?),
        ),
        Entry::Candidate {
            account,
            control,
            candidate,
        } => {
            let data = candidate.as_ref().map(json).transpose()?;
            put_memory(
                connection,
                account.as_str(),
                control,
                "candidate",
                data.as_deref(),
            )
        }
        Entry::Guard { account, state } => put_memory(
            connection,
            account.as_str(),
            "",
            "guard",
            Some(&json(state)?),
        ),
        Entry::Own { account, writes } => put_memory(
            connection,
            account.as_str(),
            "",
            "own_writes",
            Some(&json(writes)?),
        ),
    }
}

/// A control stands in one way at a time: where another spell has begun, an earlier one is over. A process that could not
/// read the journal, and ended before it could, began one without knowing of the one that lasted. What is damaged is left.
fn end_earlier(connection: &Connection, spell: &Spell) -> rusqlite::Result<()> {
    #[cfg(test)]
    if planted(Mutant::NeverClosesIncidents) {
        return Ok(());
    }
    put_row(
        connection,
        "UPDATE spell SET until = ?3, \
         data = CASE WHEN json_valid(data) THEN json_set(data, '$.until', ?4) ELSE data END \
         WHERE account = ?1 AND control = ?2 AND until IS NULL AND since < ?3",
        params![
            spell.account.as_str(),
            spell.control,
            spell.since.as_microsecond(),
            spell.since.to_string(),
        ],
    )
}

fn put_memory(
    connection: &Connection,
    account: &str,
    control: &str,
    kind: &str,
    data: Option<&str>,
) -> rusqlite::Result<()> {
    match data {
        Some(data) => put_row(
            connection,
            "INSERT OR REPLACE INTO memory (account, control, kind, data) VALUES (?1, ?2, ?3, ?4)",
            params![account, control, kind, data],
        ),
        None => put_row(
            connection,
            "DELETE FROM memory WHERE account = ?1 AND control = ?2 AND kind = ?3",
            params![account, control, kind],
        ),
    }
}

pub(super) fn put_row(
    connection: &Connection,
    statement: &str,
    values: impl rusqlite::Params,
) -> rusqlite::Result<()> {
    connection.prepare(statement)?.execute(values)?;
    Ok(())
}

fn json<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}
