//! What is on this host: state_dir, the journal, the files of targets, the daemon at http.listen.

use std::fs::{self, OpenOptions};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::check::Check;
use crate::cli::health::reachable;
use crate::journal::{Range, Store, StoreError};

const STATE: &str = "state_dir";
const JOURNAL: &str = "journal";
/// How long the daemon may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// The most that is read of an answer.
const ANSWER_SIZE: u64 = 16 << 20;

/// Whether this user can write there: by writing a file and removing it.
pub(super) fn state_dir(directory: &Path) -> Check {
    let shown = directory.display();
    match fs::metadata(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Check::not_checked(
                STATE,
                format!("{shown} does not exist yet: the daemon makes it if it may"),
            );
        }
        Err(error) => {
            return Check::failed(STATE, format!("{shown}: {error}"))
                .remedy("give this user the right to enter the directory");
        }
        Ok(found) if !found.is_dir() => {
            return Check::failed(STATE, format!("{shown} is no directory"))
                .remedy("name a directory in state_dir");
        }
        Ok(_) => {}
    }
    let probe = directory.join(format!(".doctor-{}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&probe)
        .and_then(|mut file| io::Write::write_all(&mut file, b"trailwarden doctor\n"));
    // It is ours by its name, also where the disk was full.
    let removed = fs::remove_file(&probe);
    match written.and(removed) {
        Ok(()) => Check::ok(STATE, format!("{shown} can be written by this user")),
        Err(error) => Check::failed(STATE, format!("{shown} cannot be written: {error}"))
            .remedy("give the directory room, and trailwarden's user the right to write; while it cannot be written nothing is repaired"),
    }
}

/// Whether the journal there can be read.
pub(super) fn journal(directory: &Path) -> Check {
    match Store::beside(directory).and_then(|store| unread(&store)) {
        Ok((accounts, _)) if !accounts.is_empty() => Check::failed(
            JOURNAL,
            format!("nothing is repaired in {accounts}: what was spent and what to go back to cannot be read"),
        )
        .remedy("run the version that wrote it, or trailwarden accept, which puts it aside"),
        Ok((_, skipped @ 1..)) => Check::warning(
            JOURNAL,
            format!("{skipped} records of the past are damaged, or of another version, and passed over"),
        ),
        Ok(_) => Check::ok(JOURNAL, "it can be read"),
        Err(StoreError::Absent(_)) => {
            Check::not_checked(JOURNAL, "there is none yet: no daemon has written there")
        }
        Err(error @ StoreError::Newer { .. }) => Check::failed(JOURNAL, error.to_string())
            .remedy("run the later version, or name another state_dir"),
        Err(error) if error.is_damage() => Check::failed(JOURNAL, error.to_string())
            .remedy("the daemon sets a damaged file aside at its start and begins a new one"),
        Err(error) => Check::failed(JOURNAL, error.to_string())
            .remedy("give this user the right to read and write it"),
    }
}

/// The accounts whose memory cannot be read, and how many records cannot be.
fn unread(store: &Store) -> Result<(String, usize), StoreError> {
    let mut accounts = Vec::new();
    for account in store.accounts()? {
        if !store.recall(&account)?.unread.is_empty() {
            accounts.push(account.to_string());
        }
    }
    store.incidents(Range::ALL, usize::MAX)?;
    Ok((accounts.join(", "), store.skipped()))
}

/// What a daemon at this address says at `/metrics`; none: nobody answers as a daemon would.
pub(super) async fn metrics(listen: SocketAddr) -> Option<String> {
    let answer = timeout(ANSWER_LIMIT, get(reachable(listen))).await;
    let answer = answer.ok()?.ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let is_ok = head.split_whitespace().nth(1) == Some("200");
    is_ok.then(|| body.to_owned())
}

/// HTTP/1.0: the answer comes whole, and ends with the connection.
async fn get(address: SocketAddr) -> io::Result<String> {
    let mut connection = TcpStream::connect(address).await?;
    let request = format!("GET /metrics HTTP/1.0\r\nHost: {address}\r\n\r\n");
    connection.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    connection
        .take(ANSWER_SIZE)
        .read_to_end(&mut answer)
        .await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::check::Outcome;
    use super::*;

    #[test]
    fn a_directory_is_tried_by_writing_and_left_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(state_dir(directory.path()).outcome, Outcome::Ok);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        let absent = directory.path().join("absent");
        assert_eq!(state_dir(&absent).outcome, Outcome::NotChecked);
        assert!(!absent.exists());
        fs::write(&absent, "a file").unwrap();
        assert_eq!(state_dir(&absent).outcome, Outcome::Failed);
    }

    #[test]
    fn a_journal_is_absent_readable_or_damaged() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(journal(directory.path()).outcome, Outcome::NotChecked);
        drop(Store::open(directory.path(), jiff::Timestamp::UNIX_EPOCH).unwrap());
        assert_eq!(journal(directory.path()).outcome, Outcome::Ok);
        let spoil = |statement| Store::beside(directory.path()).unwrap().spoil(statement);
        spoil("INSERT INTO occurrence VALUES ('111122223333', '', 0, 'accepted', 'm', '{')");
        assert_eq!(journal(directory.path()).outcome, Outcome::Warning);
        spoil("INSERT INTO memory VALUES ('111122223333', '', 'guard', '{')");
        let check = journal(directory.path());
        assert_eq!(check.outcome, Outcome::Failed, "{check:?}");
        assert!(check.detail.contains("111122223333"), "{check:?}");
        fs::write(directory.path().join("journal.db"), "x".repeat(8192)).unwrap();
        let check = journal(directory.path());
        assert_eq!(check.outcome, Outcome::Failed, "{check:?}");
    }

    #[tokio::test]
    async fn nobody_at_the_address_is_no_daemon() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answer = async {
            let (mut connection, _) = listener.accept().await.unwrap();
            let mut request = [0; 512];
            let read = connection.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /metrics HTTP/1.0\r\n"));
            let body = b"HTTP/1.0 200 OK\r\n\r\ntrailwarden_feed_rule_ok 1\n";
            connection.write_all(body).await.unwrap();
        };
        let (found, ()) = tokio::join!(metrics(address), answer);
        assert_eq!(found.as_deref(), Some("trailwarden_feed_rule_ok 1\n"));
        drop(listener);
        assert_eq!(metrics(address).await, None);
    }
}
