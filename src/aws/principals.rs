//! Who the process is to `CloudTrail`. Where the SDK gets its credentials from a role (IRSA, a profile), each renewal is another
//! session with another name.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many names are remembered. A session lasts an hour or longer, and its events come within the hour after.
const REMEMBERED: usize = 32;

/// The access key that the last request was signed with, by its hash: it is compared, and never told.
#[derive(Debug, Clone, Default)]
pub(super) struct LastKey(Arc<AtomicU64>);

impl LastKey {
    /// A request is sent with this `authorization`.
    pub(super) fn note(&self, authorization: &str) {
        let Some((_, credential)) = authorization.split_once("Credential=") else {
            return;
        };
        let key = credential.split('/').next().unwrap_or_default();
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        self.0.store(hasher.finish(), Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The principals that a process was, the last one at the end.
#[derive(Debug, Default)]
pub(super) struct Principals {
    pub(super) key: LastKey,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The key that the last one came with.
    key: u64,
    arns: VecDeque<String>,
}

impl Principals {
    /// Whether it is known who the present credentials belong to.
    pub(super) fn is_current(&self) -> bool {
        self.known().key == self.key.get()
    }

    /// AWS has just said who the present credentials belong to.
    pub(super) fn learn(&self, arn: Option<&str>) {
        let mut known = self.known();
        known.key = self.key.get();
        let Some(arn) = arn.filter(|arn| !known.arns.iter().any(|one| one == arn)) else {
            return;
        };
        if known.arns.len() >= REMEMBERED {
            known.arns.pop_front();
        }
        known.arns.push_back(arn.to_owned());
    }

    /// Whether the process is or was this one.
    pub(super) fn contains(&self, arn: &str) -> bool {
        self.known().arns.iter().any(|one| one == arn)
    }

    /// Whole whenever the lock is free, also after a panic elsewhere.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(key: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={key}/20261123/us-east-1/sts/aws4_request, Signature=0"
        )
    }

    #[test]
    fn another_key_is_somebody_to_be_asked_about_and_all_that_were_asked_about_are_known() {
        let principals = Principals::default();
        principals.key.note(&signed("AKIDONE"));
        assert!(!principals.is_current());
        principals.learn(Some("one"));
        assert!(principals.is_current());
        principals.key.note(&signed("AKIDONE"));
        assert!(principals.is_current());

        principals.key.note(&signed("AKIDTWO"));
        assert!(!principals.is_current());
        assert!(!principals.contains("two"));
        principals.learn(Some("two"));
        assert!(principals.is_current());
        assert!(principals.contains("one") && principals.contains("two"));
        assert!(!principals.contains("three"));
    }

    #[test]
    fn a_request_without_a_signature_tells_nothing() {
        let principals = Principals::default();
        principals.key.note(&signed("AKIDONE"));
        principals.learn(Some("one"));
        principals.key.note("Bearer token");
        assert!(principals.is_current());
    }

    #[test]
    fn no_more_are_remembered_than_can_still_be_heard_of() {
        let principals = Principals::default();
        for number in 0..=REMEMBERED {
            principals.learn(Some(&number.to_string()));
            principals.learn(Some(&number.to_string()));
        }
        assert!(!principals.contains("0"));
        assert!((1..=REMEMBERED).all(|number| principals.contains(&number.to_string())));
    }
}
