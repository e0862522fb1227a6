use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Params, Row, params};
use serde::de::DeserializeOwned;

use super::{Store, StoreError, sql_error};
use crate::journal::memory::{KnownGood, Memory};
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
    /// The file cannot be read, or holds what is no such thing.
    pub fn recall(&self, account: &AccountId) -> Result<Memory, StoreError> {
        let mut memory = Memory::default();
        let rows = self.rows(
            "SELECT control, kind, data FROM memory WHERE account = ?1",
            params![account.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        for (control, kind, data) in rows {
            let (control, kind, data): (String, String, String) = (control, kind, data);
            if kind == "guard" {
                memory.guard = self.parsed(&data)?;
                continue;
            }
            let of_control = memory.controls.entry(control).or_default();
            match kind.as_str() {
                "known_good" => of_control.known_good = Some(self.parsed(&data)?),
                "candidate" => of_control.candidate = Some(self.parsed(&data)?),
                // Of a version to come, which was gone back from.
                _ => {}
            }
        }
        let lasting: Vec<Spell> = self.documents(
            "SELECT data FROM spell WHERE account = ?1 AND until IS NULL ORDER BY since",
            params![account.as_str()],
        )?;
        for spell in lasting {
            let of_control = memory.controls.entry(spell.control.clone()).or_default();
            of_control.spell = Some(spell);
        }
        Ok(memory)
    }

    /// The chains to go back to, by account and control.
    ///
    /// # Errors
    /// The file cannot be read, or holds what is no such thing.
    pub fn known_good(&self) -> Result<BTreeMap<(AccountId, String), KnownGood>, StoreError> {
        let rows: Vec<(String, String, String)> = self.rows(
            "SELECT account, control, data FROM memory WHERE kind = 'known_good'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        let mut known_good = BTreeMap::new();
        for (account, control, data) in rows {
            if let Ok(account) = account.parse() {
                known_good.insert((account, control), self.parsed(&data)?);
            }
        }
        Ok(known_good)
    }

    /// The incidents that touch this range, the latest first; at most so many.
    ///
    /// # Errors
    /// The file cannot be read, or holds what is no such thing.
    pub fn incidents(&self, range: Range, most: usize) -> Result<Vec<Incident>, StoreError> {
        let [from, to] = range.values();
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let broken: Vec<Spell> = self.documents(
            "SELECT data FROM spell WHERE since < ?2 AND (until IS NULL OR until > ?1) \
             AND json_extract(data, '$.verdict') <> 'PASS' ORDER BY since DESC LIMIT ?3",
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
    /// The file cannot be read, or holds what is no such thing.
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
    /// The file cannot be read, or holds what is no such thing.
    pub fn watched(&self, range: Range) -> Result<Vec<Watched>, StoreError> {
        let [from, to] = range.values();
        let rows: Vec<(String, i64, i64)> = self.rows(
            "SELECT account, since, until FROM watched WHERE since < ?2 AND until > ?1 \
             ORDER BY account, since",
            params![from, to],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
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
        let texts: Vec<String> = self.rows(query, values, |row| row.get(0))?;
        texts.iter().map(|text| self.parsed(text)).collect()
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

    fn parsed<T: DeserializeOwned>(&self, text: &str) -> Result<T, StoreError> {
        serde_json::from_str(text)
            .map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error))
            })
            .map_err(sql_error(&self.path()))
    }
}
