use std::rc::Rc;

use super::Link;
pub(super) use crate::policy::Tri;

/// Whether a fault certainly cuts the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Certainty {
    /// It may or may not: not seen, or left open by the documentation.
    Undecided,
    /// It does.
    Broken,
}

/// Why a path is cut, or may be, at one link. Every path of every control has the faults of what it goes through: its texts are
/// shared.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    /// The link of the chain.
    pub(super) at: Link,
    /// The name under which it is reported: the link, or `visibility`, or `cross_account`.
    pub(super) named: Link,
    pub(super) certainty: Certainty,
    /// There is nothing at this link, rather than something wrong.
    pub(super) absent: bool,
    pub(super) resource: Option<Rc<str>>,
    pub(super) message: Rc<str>,
    pub(super) remedy: Option<Rc<str>>,
}

impl Fault {
    pub(super) fn broken(at: Link, message: impl Into<String>) -> Self {
        Self {
            at,
            named: at,
            certainty: Certainty::Broken,
            absent: false,
            resource: None,
            message: Rc::from(message.into()),
            remedy: None,
        }
    }

    /// There is nothing at this link.
    pub(super) fn absent(at: Link, message: impl Into<String>) -> Self {
        Self {
            absent: true,
            ..Self::broken(at, message)
        }
    }

    pub(super) fn undecided(at: Link, message: impl Into<String>) -> Self {
        Self {
            certainty: Certainty::Undecided,
            ..Self::broken(at, message)
        }
    }

    pub(super) fn named(mut self, named: Link) -> Self {
        self.named = named;
        self
    }

    pub(super) fn on(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(Rc::from(resource.into()));
        self
    }

    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(Rc::from(remedy.into()));
        self
    }

    pub(super) fn is_broken(&self) -> bool {
        self.certainty == Certainty::Broken
    }
}
