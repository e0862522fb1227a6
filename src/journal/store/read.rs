use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{Params, Row, params};
use serde::de::DeserializeOwned;

use super::{Store, StoreError, sql_error};
use crate::journal::memory::{Memory, Unread};
use crate::journal::record::{Incident, Occurrence, Spell, Watched};
use crate::snapshot::AccountId;

/// A range of time, up to just before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

impl Range {
    /// All of time.
    pub const ALL: Self = Self {
        from: Timestamp::MIN,
        to: Timestamp::MAX,
    };

    fn values(self) -> [i64; 2] {
        [self.from.as_microsecond(), self.to.as_microsecond()]
    }
}

impl Store {
    /// What has to be known of an account when a daemon starts.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn recall(&self, account: &AccountId) -> Result<Memory, StoreError> {
        let mut memory = Memory::default();
        let rows = self.rows(
            "SELECT rowid, control, kind, data FROM memory WHERE account = ?1",
            params![account.as_str()],
            |row| Ok((row.get(0)?, text(row, 1)?, text(row, 2)?, bytes(row, 3)?)),
        )?;
        for (row, control, kind, data) in rows {
            let is_read = match kind.as_str() {
                "guard" => {
                    let guard = self.known(&data);
                    guard.map(|guard| memory.guard = guard).is_some()
                }
                "own_writes" => {
                    let own = self.known(&data);
                    own.map(|own| memory.own = own).is_some()
                }
                "known_good" => {
                    let of_control = memory.controls.entry(control.clone()).or_default();
                    of_control.known_good = self.known(&data);
                    of_control.known_good.is_some()
                }
                "candidate" => {
                    let of_control = memory.controls.entry(control.clone()).or_default();
                    of_control.candidate = self.known(&data);
                    of_control.candidate.is_some()
                }
                // Of a version to come, which was gone back from, or set aside.
                _ => true,
            };
            if !is_read {
                memory.unread.push(Unread { row, control, kind });
            }
        }
        let lasting: Vec<Spell> = self.documents(
            "SELECT data FROM spell WHERE account = ?1 AND until IS NULL ORDER BY since",
            params![account.as_str()],
        )?;
        for spell in lasting {
            let of_control = memory.controls.entry(spell.control.clone()).or_default();
            of_control.spell = Some(Box::new(spell));
        }
        Ok(memory)
    }

    /// The accounts of which something is remembered.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn accounts(&self) -> Result<BTreeSet<AccountId>, StoreError> {
        let accounts = self.rows("SELECT DISTINCT account FROM memory", [], |row| {
            text(row, 0)
        })?;
        Ok(accounts.iter().filter_map(|one| one.parse().ok()).collect())
    }

    /// How many records were met and passed over since this was asked last, because they are of no form known here.
    pub fn skipped(&self) -> usize {
        self.skipped.take()
    }

    /// The incidents that touch this range, the latest first; at most so many.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn incidents(&self, range: Range, most: usize) -> Result<Vec<Incident>, StoreError> {
        let [from, to] = range.values();
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let broken: Vec<Spell> = self.documents(
            "SELECT data FROM spell WHERE since < ?2 AND (until IS NULL OR until > ?1) \
             AND CASE WHEN json_valid(data) THEN json_extract(data, '$.verdict') IS NOT 'PASS' ELSE TRUE END \
             ORDER BY since DESC LIMIT ?3",
            params![from, to, limit],
        )?;
        let happened: Vec<Occurrence> = self.documents(
            "SELECT data FROM occurrence WHERE at >= ?1 AND at < ?2 ORDER BY at DESC LIMIT ?3",
            params![from, to, limit],
        )?;
        let mut incidents: Vec<Incident> = broken
            .into_iter()
            .map(Incident::Broken)
            .chain(happened.into_iter().map(Incident::Happened))
            .collect();
        incidents.sort_by_key(|incident| std::cmp::Reverse(incident.at()));
        incidents.truncate(most);
        Ok(incidents)
    }

    /// The spells that touch this range, PASS included, the earliest first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn spells(&self, range: Range) -> Result<Vec<Spell>, StoreError> {
        let [from, to] = range.values();
        self.documents(
            "SELECT data FROM spell WHERE since < ?2 AND (until IS NULL OR until > ?1) \
             ORDER BY account, control, since",
            params![from, to],
        )
    }

    /// When accounts were watched in this range, the earliest first.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn watched(&self, range: Range) -> Result<Vec<Watched>, StoreError> {
        let [from, to] = range.values();
        let rows: Vec<(String, i64, i64)> = self.rows(
            "SELECT account, since, until FROM watched WHERE since < ?2 AND until > ?1 \
             ORDER BY account, since",
            params![from, to],
            |row| Ok((text(row, 0)?, row.get(1)?, row.get(2)?)),
        )?;
        let watched = rows.into_iter().filter_map(|(account, since, until)| {
            Some(Watched {
                account: account.parse().ok()?,
                since: Timestamp::from_microsecond(since).ok()?,
                until: Timestamp::from_microsecond(until).ok()?,
            })
        });
        Ok(watched.collect())
    }

    fn documents<T: DeserializeOwned>(
        &self,
        query: &str,
        values: impl Params,
    ) -> Result<Vec<T>, StoreError> {
        let texts = self.rows(query, values, |row| bytes(row, 0))?;
        Ok(texts.iter().filter_map(|text| self.known(text)).collect())
    }

    fn rows<T>(
        &self,
        query: &str,
        values: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = || -> rusqlite::Result<Vec<T>> {
            let mut statement = self.connection.prepare(query)?;
            let rows = statement.query_map(values, read)?;
            rows.collect()
        };
        rows().map_err(sql_error(&self.path()))
    }

    /// A record, if it is of a form known here; what is not is left where it is, and counted.
    fn known<T: DeserializeOwned>(&self, text: &[u8]) -> Option<T> {
        let known = serde_json::from_slice(text).ok();
        if known.is_none() {
            self.skipped.update(|skipped| skipped + 1);
        }
        known
    }
}

/// A column of text, which may be damaged.
fn bytes(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<u8>> {
    Ok(row.get_ref(column)?.as_bytes()?.to_vec())
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    Ok(String::from_utf8_lossy(&bytes(row, column)?).into_owned())
}
