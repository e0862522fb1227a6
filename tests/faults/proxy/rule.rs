//! Which call fails, and how.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use super::answer::Says;
use super::request::Call;

/// What happens to a call in place of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// It is served this much later.
    Late(Duration),
    /// Nothing, until calm returns.
    Hang,
    /// The connection is closed; the call was not carried out.
    Drop,
    /// The connection is closed; the call was carried out.
    Lose,
    /// The connection breaks in the middle of the answer.
    Cut,
    /// Something else is said.
    Say(Says),
}

impl Fault {
    pub(crate) const THROTTLED: Self = Self::Say(Says::Throttled);
    pub(crate) const ACCESS_DENIED: Self = Self::Say(Says::AccessDenied);
    pub(crate) const EXPIRED_TOKEN: Self = Self::Say(Says::ExpiredToken);
    pub(crate) const BAD_GATEWAY: Self = Self::Say(Says::BadGateway);
    pub(crate) const INTERNAL_ERROR: Self = Self::Say(Says::InternalError);
    pub(crate) const EMPTY: Self = Self::Say(Says::Empty);

    /// Every kind that ends by itself.
    pub(crate) fn all() -> Vec<Self> {
        let late = Self::Late(Duration::from_millis(300));
        let ways = [late, Self::Drop, Self::Lose, Self::Cut];
        ways.into_iter().chain(Says::ALL.map(Self::Say)).collect()
    }
}

/// Some of the calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Calls {
    service: Option<&'static str>,
    operation: Option<&'static str>,
}

impl Calls {
    /// Every call.
    pub(crate) const fn all() -> Self {
        Self {
            service: None,
            operation: None,
        }
    }

    /// The calls of a service, by the name that they are signed for.
    pub(crate) const fn of(service: &'static str) -> Self {
        Self {
            service: Some(service),
            operation: None,
        }
    }

    /// Of these only one operation.
    pub(crate) const fn named(mut self, operation: &'static str) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Whether this call is one of them.
    pub(crate) fn cover(&self, call: &Call) -> bool {
        self.service.is_none_or(|service| service == call.service)
            && self.operation.is_none_or(|name| name == call.operation)
    }
}

/// Faults by chance.
#[derive(Debug, Clone)]
pub(crate) struct Mix {
    /// What the chance is drawn from.
    pub(crate) seed: u64,
    /// Of a thousand calls so many fail.
    pub(crate) per_mille: u64,
    /// How, with the same chance each.
    pub(crate) faults: Vec<Fault>,
}

impl Mix {
    fn fate(&self, name: &str, number: u64) -> Option<Fault> {
        let mut hasher = DefaultHasher::new();
        (self.seed, name, number).hash(&mut hasher);
        let mut random = fastrand::Rng::with_seed(hasher.finish());
        let fails = random.u64(..1000) < self.per_mille;
        fails.then(|| random.choice(&self.faults).copied())?
    }
}

/// The weather.
#[derive(Debug, Default)]
pub(super) struct Rules {
    fixed: Vec<(Calls, Fault)>,
    mix: Option<Mix>,
    /// How many calls of each operation the mix has judged.
    judged: BTreeMap<String, u64>,
    revoked: BTreeSet<String>,
}

impl Rules {
    pub(super) fn fail(&mut self, calls: Calls, fault: Fault) {
        self.fixed.push((calls, fault));
    }

    pub(super) fn storm(&mut self, mix: Mix) {
        self.mix = Some(mix);
        self.judged.clear();
    }

    pub(super) fn revoke(&mut self, session_token: &str) {
        self.revoked.insert(session_token.to_owned());
    }

    pub(super) fn clear(&mut self) {
        self.fixed.clear();
    }

    pub(super) fn calm(&mut self) {
        self.clear();
        self.mix = None;
    }

    /// What happens to this call.
    pub(super) fn fate(&mut self, call: &Call) -> Option<Fault> {
        let token = call.session_token.as_ref();
        if token.is_some_and(|token| self.revoked.contains(token)) {
            return Some(Fault::EXPIRED_TOKEN);
        }
        let fixed = self.fixed.iter().rev().find(|(calls, _)| calls.cover(call));
        if let Some((_, fault)) = fixed {
            return Some(*fault);
        }
        let mix = self.mix.as_ref()?;
        let name = call.name();
        let number = self.judged.entry(name.clone()).or_default();
        *number += 1;
        mix.fate(&name, *number)
    }
}
