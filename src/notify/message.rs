//! What a notice says to people, before it takes the form of a target.

use super::notice::{Kind, Notice};
use crate::assess::Link;
use crate::snapshot::AccountId;
use crate::telemetry::actor_line;

/// One thing that a notice says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) label: &'static str,
    pub(super) says: Says,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Says {
    /// A word or two.
    Short(String),
    /// A sentence.
    Long(String),
    /// Commands, or steps, each on its own.
    Steps(Vec<String>),
}

impl Notice {
    /// The line that says the most. Of names that others chose it holds only the control's.
    pub(super) fn headline(&self) -> String {
        let control = self.control.as_ref();
        let control = control.map(|one| one.cis.as_deref().unwrap_or(&one.key));
        let about: Vec<&str> = control
            .into_iter()
            .chain(self.account.as_ref().map(AccountId::as_str))
            .collect();
        let about = about.join(" in ");
        let link = self.link.map_or("an unknown link", Link::name);
        let says = match &self.kind {
            Kind::Broken => format!("FAIL: cut at {link}"),
            Kind::Changed { from } => {
                let from = from.map_or("an unknown link", Link::name);
                format!("FAIL: now cut at {link}, before at {from}")
            }
            Kind::Attributed => format!("FAIL: it is known who cut {link}"),
            Kind::Unknown => format!("UNKNOWN: undecided at {link}"),
            Kind::Mended => format!("PASS: whole again, was cut at {link}"),
            Kind::GaveWay => format!("repairs of {link} stopped: somebody undoes them"),
            Kind::OwnCredentialsUsedElsewhere => {
                "trailwarden's credentials are used elsewhere".to_owned()
            }
            Kind::RecipientsChanged { .. } => "PASS, but others are told than before".to_owned(),
            Kind::StateDirUnwritable => "trailwarden cannot write its state".to_owned(),
            Kind::HeartbeatLost => "trailwarden may be deaf: its heartbeats are lost".to_owned(),
            Kind::HeartbeatRestored => "trailwarden hears its heartbeats again".to_owned(),
            Kind::DeadLetters => "messages in the feed's dead-letter queue".to_owned(),
            Kind::WiringCut => "the wiring of the feed is cut".to_owned(),
            Kind::WiringWhole => "the wiring of the feed is whole again".to_owned(),
        };
        if about.is_empty() {
            says
        } else {
            format!("{about}: {says}")
        }
    }

    /// Everything there is to say, in the order in which it is read.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let mut facts = Vec::new();
        let mut add = |label, says| facts.push(Fact { label, says });
        if let Some(control) = &self.control {
            let numbers: Vec<&str> = [&control.cis, &control.security_hub]
                .into_iter()
                .filter_map(|number| number.as_deref())
                .chain([control.key.as_str()])
                .collect();
            add(
                "Control",
                Says::Long(format!("{} ({})", control.title, numbers.join(", "))),
            );
            add("Severity", Says::Short(control.severity.clone()));
        }
        if let Some(account) = &self.account {
            add("Account", Says::Short(account.to_string()));
        }
        if let Some(region) = &self.region {
            add("Region", Says::Short(region.clone()));
        }
        if let Some(link) = self.link {
            add("Link", Says::Short(link.name().to_owned()));
        }
        if let Some(since) = self.since {
            let label = if matches!(self.kind, Kind::Mended | Kind::WiringWhole) {
                "Not whole since"
            } else {
                "Since"
            };
            add(label, Says::Short(since.to_string()));
        }
        add("Seen", Says::Short(self.at.to_string()));
        add("What", Says::Long(self.message.clone()));
        if let Some(resource) = &self.resource {
            add("Resource", Says::Long(resource.clone()));
        }
        if let Kind::RecipientsChanged { before, after } = &self.kind {
            add("Told before", Says::Long(names(before)));
            add("Told now", Says::Long(names(after)));
        }
        match (&self.actor, &self.kind) {
            (Some(actor), _) => add("Who", Says::Long(actor_line(actor))),
            (None, Kind::Broken | Kind::Changed { .. } | Kind::WiringCut) => {
                add(
                    "Who",
                    Says::Long("not known: no event named the caller".to_owned()),
                );
            }
            (None, _) => {}
        }
        let done = if self.done.is_empty() {
            "nothing".to_owned()
        } else {
            self.done.join("; ")
        };
        add("Done by trailwarden", Says::Long(done));
        let left = if self.left.is_empty() {
            Says::Short("nothing".to_owned())
        } else {
            Says::Steps(self.left.clone())
        };
        add("Left to do", left);
        facts
    }
}

fn names(names: &[String]) -> String {
    if names.is_empty() {
        "nobody".to_owned()
    } else {
        names.join(", ")
    }
}
