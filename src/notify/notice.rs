use std::fmt::Display;
use std::path::Path;

use jiff::{Timestamp, Unit};

use super::course::News;
use crate::assess::{Assessment, Link};
use crate::event::Actor;
use crate::heal::Stop;
use crate::snapshot::AccountId;
use crate::telemetry::{ControlInfo, sanitize_capped};

/// Longest text of a notice, in characters; a finding is a sentence.
const LONGEST_TEXT: usize = 1024;
/// Longest command; the longest there are, alarms with every field, stay below.
const LONGEST_COMMAND: usize = 4096;
/// Most items of a list; what is over is counted.
const MOST_ITEMS: usize = 10;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The chain is cut: FAIL.
    Broken,
    /// It is still cut, and another link is the first.
    Changed {
        /// The one that was told before.
        from: Option<Link>,
    },
    /// It is still cut there, and it became known who did it.
    Attributed,
    /// Whether it is whole cannot be seen, and a second look confirmed that.
    Unknown,
    /// It is whole again: PASS.
    Mended,
    /// Somebody undoes every repair; trailwarden stopped.
    GaveWay,
    /// trailwarden's own credentials made a call that it did not make.
    OwnCredentialsUsedElsewhere,
    /// The chain is whole, and tells others than before.
    RecipientsChanged {
        /// Who was told.
        before: Vec<String>,
        /// Who is told now.
        after: Vec<String>,
    },
    /// What has to outlive a restart cannot be written.
    StateDirUnwritable,
    /// Heartbeats do not come out of the queue of the feed any more.
    HeartbeatLost,
    /// They do again.
    HeartbeatRestored,
    /// Messages came into the dead-letter queue of the feed.
    DeadLetters,
    /// The wiring of the feed is not as it has to be: events may not arrive.
    WiringCut,
    /// The wiring of the feed is as it has to be again.
    WiringWhole,
}

impl Kind {
    /// The name in documents and logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Changed { .. } => "changed",
            Self::Attributed => "attributed",
            Self::Unknown => "unknown",
            Self::Mended => "mended",
            Self::GaveWay => "gave_way",
            Self::OwnCredentialsUsedElsewhere => "own_credentials_used_elsewhere",
            Self::RecipientsChanged { .. } => "recipients_changed",
            Self::StateDirUnwritable => "state_dir_unwritable",
            Self::HeartbeatLost => "heartbeat_lost",
            Self::HeartbeatRestored => "heartbeat_restored",
            Self::DeadLetters => "dead_letters",
            Self::WiringCut => "wiring_cut",
            Self::WiringWhole => "wiring_whole",
        }
    }
}

/// Something that people are to be told. Every text in it is bounded and shows what would act on a screen; it is made by
/// the functions below, which see to that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    pub(super) kind: Kind,
    /// None where it is about this process.
    pub(super) account: Option<AccountId>,
    /// Home region of the chain.
    pub(super) region: Option<String>,
    /// None where it is about an account or this process.
    pub(super) control: Option<ControlInfo>,
    /// The link that is cut, undecided, fought over, or was cut.
    pub(super) link: Option<Link>,
    /// The resource at fault.
    pub(super) resource: Option<String>,
    /// What happened, for people.
    pub(super) message: String,
    /// Who did it, as an event reports.
    pub(super) actor: Option<Actor>,
    /// Since when, where that is another time than `at`.
    pub(super) since: Option<Timestamp>,
    /// When it was found.
    pub(super) at: Timestamp,
    /// What trailwarden did about it.
    pub(super) done: Vec<String>,
    /// What is left to do, as commands or steps.
    pub(super) left: Vec<String>,
}

/// A control of an account at a time: what a notice about a chain is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The account.
    pub account: &'a AccountId,
    /// Home region of the chain, where there is one.
    pub region: Option<&'a str>,
    /// The control.
    pub control: &'a ControlInfo,
    /// When it was seen.
    pub at: Timestamp,
}

impl Notice {
    /// News of a chain. `actor` is who did it as far as an event says so, `done` what trailwarden did about it.
    pub fn of_chain(
        subject: &Subject<'_>,
        news: &News,
        assessment: &Assessment,
        actor: Option<&Actor>,
        done: &[String],
    ) -> Self {
        let finding = assessment.findings.first();
        let message = match (&news.kind, finding) {
            (Kind::Mended, _) => "The chain is whole again.".to_owned(),
            (_, Some(finding)) => clean(&finding.message),
            (_, None) => String::new(),
        };
        let remedies = assessment.findings.iter();
        let remedies = remedies.filter_map(|finding| finding.remedy.as_deref());
        Self {
            link: news.link,
            resource: finding.and_then(|one| one.resource.as_deref().map(clean)),
            actor: actor.map(clean_actor),
            since: Some(readable(news.since)),
            done: clean_list(done.iter().map(String::as_str), LONGEST_TEXT),
            left: clean_list(remedies, LONGEST_COMMAND),
            ..Self::about(subject, news.kind.clone(), message)
        }
    }

    /// Somebody undoes every repair of `subject`, and trailwarden gives way. `left` is what would mend the chain.
    pub fn gave_way(subject: &Subject<'_>, stop: &Stop, left: &[String]) -> Self {
        Self {
            link: Some(stop.link),
            resource: Some(clean(&stop.target)),
            done: vec![format!(
                "repaired {} times, of which {} failed; not again",
                stop.attempts, stop.failed
            )],
            left: clean_list(
                std::iter::once("agree with whoever undoes the repair, then mend the chain")
                    .chain(left.iter().map(String::as_str)),
                LONGEST_COMMAND,
            ),
            ..Self::about(subject, Kind::GaveWay, clean(&stop.to_string()))
        }
    }

    /// A call was made with trailwarden's own credentials that it did not make.
    pub fn own_credentials_used_elsewhere(
        account: &AccountId,
        actor: &Actor,
        at: Timestamp,
    ) -> Self {
        let message = format!(
            "{} was called as trailwarden's own principal, and not by this process: its credentials are in use elsewhere.",
            clean(&actor.event_name)
        );
        Self {
            account: Some(account.clone()),
            actor: Some(clean_actor(actor)),
            since: Some(actor.time),
            left: vec![
                "find out who made the call; if nobody of yours did, revoke the role's sessions and its keys"
                    .to_owned(),
            ],
            ..Self::plain(Kind::OwnCredentialsUsedElsewhere, message, at)
        }
    }

    /// The chain passes, and others are told than before. The names are as the operator knows them, such as
    /// `email: sec@example.com`.
    pub fn recipients_changed(
        subject: &Subject<'_>,
        before: &[String],
        after: &[String],
        actor: Option<&Actor>,
    ) -> Self {
        let list = |names: &[String]| clean_list(names.iter().map(String::as_str), LONGEST_TEXT);
        let kind = Kind::RecipientsChanged {
            before: list(before),
            after: list(after),
        };
        let message = "The chain is whole and tells others than before.".to_owned();
        Self {
            link: Some(Link::Subscription),
            actor: actor.map(clean_actor),
            left: vec![
                "if this was meant, nothing; else restore the subscriptions, and name yours in expect.subscriptions"
                    .to_owned(),
            ],
            ..Self::about(subject, kind, message)
        }
    }

    /// The directory for what outlives a restart cannot be written.
    pub fn state_dir_unwritable(directory: &Path, reason: &dyn Display, at: Timestamp) -> Self {
        let directory = clean(&directory.display().to_string());
        let message = format!(
            "What has to outlive a restart cannot be written: {}",
            clean(&reason.to_string())
        );
        Self {
            resource: Some(directory),
            done: vec!["goes on watching, without writing repairs".to_owned()],
            left: vec![
                "give the directory room and trailwarden's user the right to write".to_owned(),
            ],
            ..Self::plain(Kind::StateDirUnwritable, message, at)
        }
    }

    /// The wiring of the feed is not as it has to be.
    pub fn wiring_cut(
        account: &AccountId,
        region: Option<&str>,
        message: &str,
        actor: Option<&Actor>,
        at: Timestamp,
    ) -> Self {
        Self {
            account: Some(account.clone()),
            region: region.map(clean),
            actor: actor.map(clean_actor),
            done: vec!["goes on looking with each sweep".to_owned()],
            left: vec![
                "trailwarden wire".to_owned(),
                "trailwarden wire --apply".to_owned(),
            ],
            ..Self::plain(Kind::WiringCut, clean(message), at)
        }
    }

    /// The wiring of the feed is as it has to be again.
    pub fn wiring_whole(account: &AccountId, since: Timestamp, at: Timestamp) -> Self {
        let message = "The wiring of the feed is whole again.".to_owned();
        Self {
            account: Some(account.clone()),
            since: Some(readable(since)),
            ..Self::plain(Kind::WiringWhole, message, at)
        }
    }

    fn about(subject: &Subject<'_>, kind: Kind, message: String) -> Self {
        let control = subject.control;
        Self {
            account: Some(subject.account.clone()),
            region: subject.region.map(clean),
            control: Some(ControlInfo {
                key: clean(&control.key),
                cis: control.cis.as_deref().map(clean),
                security_hub: control.security_hub.as_deref().map(clean),
                title: clean(&control.title),
                severity: clean(&control.severity),
            }),
            ..Self::plain(kind, message, subject.at)
        }
    }

    /// About the queue of the feed.
    pub(super) fn of_queue(
        kind: Kind,
        message: &str,
        account: &AccountId,
        queue_url: &str,
        at: Timestamp,
    ) -> Self {
        Self {
            account: Some(account.clone()),
            resource: Some(clean(queue_url)),
            ..Self::plain(kind, message.to_owned(), at)
        }
    }

    fn plain(kind: Kind, message: String, at: Timestamp) -> Self {
        Self {
            kind,
            account: None,
            region: None,
            control: None,
            link: None,
            resource: None,
            message,
            actor: None,
            since: None,
            at: readable(at),
            done: Vec::new(),
            left: Vec::new(),
        }
    }

    /// What happened.
    pub const fn kind(&self) -> &Kind {
        &self.kind
    }

    /// What happened, for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What the notice is about: notices of the same matter follow each other, a later one holds what an earlier one said.
    /// Stable over restarts.
    pub fn matter(&self) -> String {
        let account = self.account.as_ref().map_or("", AccountId::as_str);
        let control = self.control.as_ref().map_or("", |one| one.key.as_str());
        match self.kind {
            Kind::Broken
            | Kind::Changed { .. }
            | Kind::Attributed
            | Kind::Unknown
            | Kind::Mended => {
                format!("trailwarden/{account}/{control}")
            }
            // Apart from the chain's: who has to settle a fight is not done when the chain is whole for a moment.
            Kind::GaveWay => format!("trailwarden/{account}/{control}/gave-way"),
            Kind::RecipientsChanged { .. } => format!("trailwarden/{account}/{control}/recipients"),
            Kind::OwnCredentialsUsedElsewhere => format!("trailwarden/{account}/own-credentials"),
            // Replicas have a queue each.
            Kind::HeartbeatLost | Kind::HeartbeatRestored => {
                let queue = self.resource.as_deref().unwrap_or_default();
                format!("trailwarden/feed/{queue}")
            }
            Kind::DeadLetters => {
                let queue = self.resource.as_deref().unwrap_or_default();
                format!("trailwarden/dead-letters/{queue}")
            }
            Kind::WiringCut | Kind::WiringWhole => format!("trailwarden/{account}/wiring"),
            Kind::StateDirUnwritable => {
                let directory = self.resource.as_deref().unwrap_or_default();
                format!("trailwarden/state-dir/{directory}")
            }
        }
    }

    /// A name of this one notice, the same each time it is sent: receivers drop what they have.
    pub fn id(&self) -> String {
        format!("{}/{}/{}", self.matter(), self.kind.name(), self.at)
    }
}

/// To the millisecond.
fn readable(time: Timestamp) -> Timestamp {
    time.round(Unit::Millisecond).unwrap_or(time)
}

fn clean(text: &str) -> String {
    sanitize_capped(text, LONGEST_TEXT).into_owned()
}

fn clean_actor(actor: &Actor) -> Actor {
    let optional = |text: &Option<String>| text.as_deref().map(clean);
    Actor {
        principal_arn: optional(&actor.principal_arn),
        source_address: optional(&actor.source_address),
        user_agent: optional(&actor.user_agent),
        event_name: clean(&actor.event_name),
        event_id: clean(&actor.event_id),
        time: actor.time,
    }
}

fn clean_list<'a>(items: impl Iterator<Item = &'a str>, longest: usize) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    let mut more = 0_usize;
    for item in items {
        let item = sanitize_capped(item, longest).into_owned();
        if seen.contains(&item) {
            continue;
        }
        if seen.len() < MOST_ITEMS {
            seen.push(item);
        } else {
            more += 1;
        }
    }
    if more > 0 {
        seen.push(format!("and {more} more"));
    }
    seen
}
