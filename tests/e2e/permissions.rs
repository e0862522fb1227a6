//! The table of permissions against the calls that the emulator saw in the whole run: nothing missing, nothing unused.

use std::collections::BTreeSet;

use trailwarden::permission::{Purpose, statements};

use serde_json::Value;

use super::Suite;
use super::common::aws::{Account, Call, calls};
use super::common::daemon::command;

/// What the emulator remembers; more, and the oldest are forgotten.
const REMEMBERED: usize = 50_000;

/// Statements that no test of this suite runs, by Sid. They are reviewed all the same; whoever makes a test run one takes it out.
/// Only a feed of several accounts has a bus policy; `deploy::` and the unit tests make one.
const UNSEEN: [&str; 1] = ["WireBusPolicy"];

pub(crate) fn add(suite: &mut Suite) {
    suite.test(
        "permissions::keys_and_mute_rules_are_read_where_there_are_any",
        async |account| keys_and_mute_rules_are_read(&account).await,
    );
}

/// What most accounts do not have, so that its permissions would go unseen.
async fn keys_and_mute_rules_are_read(account: &Account) {
    let key = account.encrypt_topic().await;
    account.mute_alarm().await;
    let output = command(account).arg("snapshot").output().expect("it runs");
    assert!(output.status.success());
    let seen: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(
        seen["alarm_mute_rules"].as_array().map(Vec::len),
        Some(1),
        "{seen:#}"
    );
    let keys = seen["kms_keys"].to_string();
    assert!(keys.contains(&key), "{keys}");
}

/// Compares the table with the calls of every command that the run made. `whole`: no test was left out, so that what nobody
/// called is needed by nobody.
///
/// # Errors
/// Each difference, a line.
pub(super) fn compare(endpoint: &str, whole: bool) -> Result<(), String> {
    let calls = calls(endpoint, None);
    if calls.len() >= REMEMBERED {
        return Err("the emulator has forgotten calls: compare earlier".to_owned());
    }
    let seen: BTreeSet<(Purpose, String)> = calls
        .iter()
        // Half a request of a daemon that was killed.
        .filter(|call| !call.operation.is_empty())
        .filter_map(|call| Some((purpose(call)?, operation(call))))
        .collect();
    let mut differences: Vec<String> = seen
        .iter()
        .filter(|(purpose, operation)| !is_granted(*purpose, operation))
        .map(|(purpose, operation)| {
            format!("{operation} was called to {purpose:?} and is not in its table")
        })
        .collect();
    if whole {
        differences.extend(unused(&seen));
    }
    println!(
        "permissions: {} operations of {} calls compared{}",
        seen.len(),
        calls.len(),
        if whole {
            ""
        } else {
            "; a part of the tests cannot tell what is unused"
        }
    );
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences.join("\n"))
    }
}

/// Whether the policy to watch, and that of the purpose, name the operation. What is left undone without harm counts.
fn is_granted(purpose: Purpose, operation: &str) -> bool {
    statements()
        .filter(|grant| grant.purpose == purpose || grant.purpose == Purpose::Watch)
        .flat_map(|grant| grant.calls)
        .any(|call| call.operation == operation)
}

/// Rows of the table that nobody called, or that are said to be unseen and are not.
fn unused(seen: &BTreeSet<(Purpose, String)>) -> Vec<String> {
    let mut unused = Vec::new();
    for grant in statements() {
        for call in grant.calls {
            let is_seen = seen.contains(&(grant.purpose, call.operation.to_owned()));
            let is_expected = !UNSEEN.contains(&grant.sid);
            match (is_seen, is_expected) {
                (false, true) => unused.push(format!(
                    "{} is granted to {:?} ({}) and was never called",
                    call.operation, grant.purpose, grant.sid
                )),
                (true, false) => unused.push(format!(
                    "{} was called: take {} out of the list of those that are not",
                    call.operation, grant.sid
                )),
                (true, true) | (false, false) => {}
            }
        }
    }
    unused
}

/// What a command of the binary was run for; none for calls of others.
fn purpose(call: &Call) -> Option<Purpose> {
    let agent = call.user_agent.as_deref()?;
    let app = agent
        .split(' ')
        .find_map(|part| part.strip_prefix("app/"))?;
    Purpose::ALL
        .into_iter()
        .find(|purpose| format!("{purpose:?}").eq_ignore_ascii_case(app))
}

/// As the table has it.
fn operation(call: &Call) -> String {
    format!("{}:{}", call.service, call.operation)
}
