//! The file. Everything here blocks: the daemon calls it from a thread of its own, see [`super::Journal`].

mod read;
mod schema;
mod write;

use std::cell::Cell;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OpenFlags, params};

use super::entry::Entry;
use super::memory::Unread;
pub use read::Range;
use write::{put, put_row};

/// Name of the file in `state_dir`.
const FILE: &str = "journal.db";
/// Held by the process that owns the file.
const LOCK: &str = "journal.lock";
/// How long a statement waits for another process.
const BUSY: Duration = Duration::from_secs(2);
/// The most rows of one table. At one a minute this is four months; a chain that flaps faster loses its oldest past.
const MOST_ROWS: u32 = 200_000;

/// The journal's file, open.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    /// What SQLite said last about changes by others.
    data_version: i64,
    /// How many records were met that are of no form known here.
    skipped: Cell<usize>,
    /// Held as long as this lives; none for those who do not own the file.
    _lock: Option<File>,
}

/// A store, and what happened while it was opened.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: Store,
    /// Where a file went that could not be read.
    pub set_aside: Option<PathBuf>,
}

/// Why the journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory or a file in it.
    #[error("{path}: {source}{}", remedy(source))]
    Io {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process owns it.
    #[error("another trailwarden uses {0}: give each its own state_dir")]
    InUse(PathBuf),
    /// There is none.
    #[error(
        "{0} does not exist: no daemon has written there yet, or state_dir names another directory"
    )]
    Absent(PathBuf),
    /// A later version wrote it.
    #[error(
        "{path} is of version {found}, and this trailwarden knows versions up to {known}: use the later one, or another state_dir"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The latest that is known here.
        known: i64,
    },
    /// SQLite.
    #[error("{path}: {source}")]
    Sql {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
}

/// What can be done about an error of the file system, where that is known.
fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "; run it as the daemon's user or as root, or name another state_dir"
        }
        _ => "",
    }
}

impl StoreError {
    /// Whether the file is damaged, so that it will not heal by waiting.
    pub fn is_damage(&self) -> bool {
        let Self::Sql { source, .. } = self else {
            return false;
        };
        matches!(
            source.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        )
    }
}

impl Store {
    /// Opens the journal of this directory as its owner: makes both if they are not there, brings the file up to date, and
    /// sets one aside that is damaged. `now` names what is set aside.
    ///
    /// # Errors
    /// The directory cannot be written, another process owns the journal, or a later version wrote it.
    pub fn open(directory: &Path, now: Timestamp) -> Result<Opened, StoreError> {
        fs::create_dir_all(directory).map_err(io_error(directory))?;
        let lock = lock(directory)?;
        let file = directory.join(FILE);
        let (connection, set_aside) = match owned(&file) {
            Err(error) if error.is_damage() => {
                let aside = set_aside(&file, now)?;
                (owned(&file)?, Some(aside))
            }
            answer => (answer?, None),
        };
        let store = Self::of(connection, Some(lock));
        Ok(Opened { store, set_aside })
    }

    /// Opens the journal of this directory beside its owner, as a command does.
    ///
    /// # Errors
    /// There is none, it is of another version, or it cannot be read.
    pub fn beside(directory: &Path) -> Result<Self, StoreError> {
        let file = directory.join(FILE);
        if !file.try_exists().map_err(io_error(&file))? {
            return Err(StoreError::Absent(file));
        }
        let sql = sql_error(&file);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&file, flags).map_err(&sql)?;
        connection.busy_timeout(BUSY).map_err(&sql)?;
        schema::check(&connection, &file)?;
        Ok(Self::of(connection, None))
    }

    /// A journal that is forgotten at the end of the process.
    ///
    /// # Errors
    /// SQLite refuses: a fault of ours.
    pub fn in_memory() -> Result<Self, StoreError> {
        let name = Path::new(":memory:");
        let mut connection = Connection::open_in_memory().map_err(sql_error(name))?;
        schema::upgrade(&mut connection, name)?;
        Ok(Self::of(connection, None))
    }

    /// A journal in memory that lasts while any of its name is open, as a file does beyond a crash.
    #[cfg(test)]
    pub(crate) fn in_shared_memory(name: &str) -> Result<Self, StoreError> {
        let file = PathBuf::from(format!("file:{name}?mode=memory&cache=shared"));
        let flags = OpenFlags::default() | OpenFlags::SQLITE_OPEN_SHARED_CACHE;
        let mut connection = Connection::open_with_flags(&file, flags).map_err(sql_error(&file))?;
        schema::upgrade(&mut connection, &file)?;
        Ok(Self::of(connection, None))
    }

    /// As if another process held the file: from now on nobody else can write, or no longer.
    #[cfg(test)]
    pub(crate) fn hold(&self, held: bool) {
        self.spoil(if held { "BEGIN IMMEDIATE" } else { "ROLLBACK" });
    }

    fn of(connection: Connection, lock: Option<File>) -> Self {
        Self {
            connection,
            data_version: 0,
            skipped: Cell::default(),
            _lock: lock,
        }
    }

    /// Keeps all of these or none. Repeating it changes nothing.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write<'a>(
        &mut self,
        entries: impl IntoIterator<Item = &'a Entry>,
    ) -> Result<(), StoreError> {
        self.transact(|connection| entries.into_iter().try_for_each(|one| put(connection, one)))
    }

    /// Keeps what an operator accepted, and puts aside what could not be read of the accounts: under another kind, which nobody
    /// asks for. All or none.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn accept(
        &mut self,
        entries: &[Entry],
        unread: &[Unread],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let aside = format!(" set aside {now}");
        self.transact(|connection| {
            for one in unread {
                put_row(
                    connection,
                    "UPDATE memory SET kind = kind || ?2 WHERE rowid = ?1",
                    params![one.row, aside],
                )?;
            }
            entries.iter().try_for_each(|one| put(connection, one))
        })
    }

    fn transact(
        &mut self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> Result<(), StoreError> {
        let path = self.path();
        let sql = sql_error(&path);
        let transaction = self.connection.transaction().map_err(&sql)?;
        work(&transaction).map_err(&sql)?;
        transaction.commit().map_err(&sql)
    }

    /// Forgets what ended before this time, and the oldest of what is too much.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn prune(&mut self, before: Timestamp) -> Result<(), StoreError> {
        self.transact(|connection| {
            for (table, end) in [
                ("spell", "until"),
                ("watched", "until"),
                ("occurrence", "at"),
            ] {
                put_row(
                    connection,
                    &format!("DELETE FROM {table} WHERE {end} < ?1"),
                    params![before.as_microsecond()],
                )?;
                put_row(
                    connection,
                    &format!(
                        "DELETE FROM {table} WHERE {end} IS NOT NULL AND rowid NOT IN \
                         (SELECT rowid FROM {table} ORDER BY {end} IS NOT NULL, {end} DESC LIMIT ?1)"
                    ),
                    params![MOST_ROWS],
                )?;
            }
            Ok(())
        })?;
        // Each row of the answer is one page given back; what is not asked for stays.
        self.connection
            .pragma_query(None, "incremental_vacuum", |_| Ok(()))
            .map_err(sql_error(&self.path()))
    }

    /// Whether another process has written since this was asked last.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn changed_by_others(&mut self) -> Result<bool, StoreError> {
        let path = self.path();
        let version = self
            .connection
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(sql_error(&path))?;
        let before = std::mem::replace(&mut self.data_version, version);
        Ok(before != 0 && before != version)
    }

    /// As if another version, or a fault, had written this.
    #[cfg(test)]
    pub(crate) fn spoil(&self, statement: &str) {
        self.connection.execute_batch(statement).unwrap();
    }

    /// As if the disk had no more room than this.
    #[cfg(test)]
    pub(super) fn limit_pages(&self, pages: u32) {
        self.connection
            .pragma_update(None, "max_page_count", pages)
            .unwrap();
    }

    /// The file, for messages.
    fn path(&self) -> PathBuf {
        self.connection.path().unwrap_or(":memory:").into()
    }
}

/// The connection of the owner: made if it is not there, whole, and up to date.
fn owned(file: &Path) -> Result<Connection, StoreError> {
    let sql = sql_error(file);
    // SQLite takes the mode of its other files from this one. What people did is nobody else's business.
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file)
        .map_err(io_error(file))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(file, flags).map_err(&sql)?;
    connection.busy_timeout(BUSY).map_err(&sql)?;
    schema::upgrade(&mut connection, file)?;
    let answer: String = connection
        .pragma_query_value(None, "quick_check", |row| row.get(0))
        .map_err(&sql)?;
    if answer == "ok" {
        Ok(connection)
    } else {
        Err(sql(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT),
            Some(answer),
        )))
    }
}

fn lock(directory: &Path) -> Result<File, StoreError> {
    let path = directory.join(LOCK);
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(&path)
        .map_err(io_error(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(directory.to_owned())),
        Err(TryLockError::Error(source)) => Err(StoreError::Io { path, source }),
    }
}

/// Renames a damaged file and what belongs to it; it is evidence, and never deleted.
fn set_aside(file: &Path, now: Timestamp) -> Result<PathBuf, StoreError> {
    let stamp = now.strftime("%Y%m%dT%H%M%S%6fZ");
    let with = |path: &Path, ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let aside = with(file, &format!(".damaged-{stamp}"));
    fs::rename(file, &aside).map_err(io_error(file))?;
    for ending in ["-wal", "-shm"] {
        let from = with(file, ending);
        match fs::rename(&from, with(&aside, ending)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::Io { path: from, source });
            }
            _ => {}
        }
    }
    Ok(aside)
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |source| StoreError::Io {
        path: path.clone(),
        source,
    }
}

fn sql_error(path: &Path) -> impl Fn(rusqlite::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |source| StoreError::Sql {
        path: path.clone(),
        source,
    }
}
