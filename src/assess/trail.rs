//! Is the trail there, does it log, and does it record the region?

use super::Link;
use super::fault::{Fault, Tri};
use super::put::{put_event_selectors, update_trail};
use super::remedy::Command;
use super::selector::{self, EventClass, Source};
use super::widen::widened;
use super::world::{Hole, World};
use crate::snapshot::Arn;
use crate::snapshot::{EventSelectors, Trail, TrailStatus};

/// Services whose events are global: a trail that leaves global service events out does not record them.
const GLOBAL_SOURCES: [&str; 6] = [
    "iam.amazonaws.com",
    "sts.amazonaws.com",
    "cloudfront.amazonaws.com",
    "organizations.amazonaws.com",
    "route53.amazonaws.com",
    "signin.amazonaws.com",
];

/// A trail with what is known of it. Status and selectors are looked for where the trail was seen, then in the account
/// that owns it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observed<'a> {
    pub(super) trail: &'a Trail,
    pub(super) seen_from: World<'a>,
    pub(super) owner: Option<World<'a>>,
}

impl<'a> Observed<'a> {
    fn worlds(&self) -> impl Iterator<Item = World<'a>> + use<'a> {
        [Some(self.seen_from), self.owner].into_iter().flatten()
    }

    /// The region that the trail was created in.
    pub(super) fn home(&self) -> &'a str {
        self.trail
            .home_region
            .as_deref()
            .unwrap_or_else(|| Arn::parse(&self.trail.trail_arn).map_or("", |arn| arn.region))
    }

    /// The account that owns the trail.
    pub(super) fn account(&self) -> &'a str {
        Arn::parse(&self.trail.trail_arn).map_or(self.seen_from.account(), |arn| arn.account)
    }

    pub(super) fn status(&self) -> Option<&'a TrailStatus> {
        self.worlds()
            .find_map(|world| world.snapshot.trail_status.get(&self.trail.trail_arn))
    }

    pub(super) fn selectors(&self) -> Option<&'a EventSelectors> {
        self.worlds()
            .find_map(|world| world.snapshot.event_selectors.get(&self.trail.trail_arn))
    }

    /// Whether the observer's own reads certainly are in the trail's records.
    pub(super) fn records_reads(&self) -> bool {
        match self.selectors() {
            Some(selectors) => selector::records_reads(selectors),
            None => self.selector_hole().is_none(),
        }
    }

    fn selector_hole(&self) -> Option<Hole> {
        self.worlds()
            .find_map(|world| world.hole("cloudtrail:GetEventSelectors", &self.scopes()))
    }

    fn scopes(&self) -> [&'a str; 3] {
        [&self.trail.trail_arn, self.home(), &self.trail.name]
    }

    /// What is wrong with the trail whatever the event is.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let trail = self.trail;
        let mut faults = Vec::new();
        let is_logging = self.status().and_then(|status| status.is_logging);
        match is_logging {
            Some(true) => {}
            Some(false) => faults.push(
                Fault::broken(Link::Trail, format!("Trail {} does not log.", trail.name))
                    .on(&trail.trail_arn)
                    .remedy(self.command("start-logging", "--name")),
            ),
            None => {
                let meaning = format!("whether trail {} logs is not known.", trail.name);
                let hole = self
                    .worlds()
                    .find_map(|world| world.hole("cloudtrail:GetTrailStatus", &self.scopes()));
                let fault = match hole {
                    Some(hole) => hole.fault(Link::Trail, &meaning),
                    None => Fault::undecided(
                        Link::Trail,
                        format!("cloudtrail:GetTrailStatus was not asked: {meaning}"),
                    )
                    .named(Link::Visibility)
                    .remedy(self.command("get-trail-status", "--name")),
                };
                faults.push(fault.on(&trail.trail_arn));
            }
        }
        if self.account() != self.seen_from.account() && !trail.is_organization_trail {
            faults.push(
                Fault::broken(
                    Link::Trail,
                    format!(
                        "Trail {} belongs to account {} and is no organization trail: it does not record account {}.",
                        trail.name,
                        self.account(),
                        self.seen_from.account()
                    ),
                )
                .on(&trail.trail_arn),
            );
        }
        faults
    }

    /// Why events of the class are not recorded, if they are not.
    pub(super) fn class_faults(&self, class: &EventClass) -> Vec<Fault> {
        let trail = self.trail;
        let mut faults = Vec::new();
        if !trail.is_multi_region_trail && class.region != self.home() {
            faults.push(self.region_fault(&class.region));
        }
        let is_global = match &class.source {
            Source::One(source) => GLOBAL_SOURCES.contains(&source.as_str()),
            Source::Other => true,
        };
        if trail.include_global_service_events == Some(false) && is_global {
            faults.push(
                Fault::broken(
                    Link::Trail,
                    format!(
                        "Trail {} leaves out the events of global services.",
                        trail.name
                    ),
                )
                .on(&trail.trail_arn)
                .remedy(
                    update_trail(self.home(), &trail.trail_arn)
                        .raw("--include-global-service-events"),
                ),
            );
        }
        faults.extend(self.selector_fault(class));
        faults
    }

    /// The trail does not record a region; an empty name stands for those that are not known.
    fn region_fault(&self, region: &str) -> Fault {
        let trail = self.trail;
        let hole = ["account:ListRegions", "ec2:DescribeRegions"]
            .iter()
            .find_map(|operation| self.seen_from.hole(operation, &[self.home()]))
            .filter(|_| region.is_empty());
        let fault = match hole {
            Some(hole) => {
                let meaning = format!(
                    "whether the account uses another region than {}, the only one that trail {} records, is not known.",
                    self.home(),
                    trail.name
                );
                hole.fault(Link::Trail, &meaning)
            }
            None => Fault::broken(
                Link::Trail,
                format!(
                    "Trail {} records {} only; events of {} are not recorded.",
                    trail.name,
                    self.home(),
                    if region.is_empty() {
                        "other regions"
                    } else {
                        region
                    }
                ),
            )
            .remedy(update_trail(self.home(), &trail.trail_arn).every_region()),
        };
        fault.on(&trail.trail_arn)
    }

    /// Which events it records was not seen.
    pub(super) fn unseen_selectors(&self) -> Option<Fault> {
        let trail = self.trail;
        let hole = self
            .selector_hole()
            .filter(|_| self.selectors().is_none())?;
        let meaning = format!("which events trail {} records is not known.", trail.name);
        Some(hole.fault(Link::Selector, &meaning).on(&trail.trail_arn))
    }

    fn selector_fault(&self, class: &EventClass) -> Option<Fault> {
        let trail = self.trail;
        let Some(selectors) = self.selectors() else {
            return self.unseen_selectors();
        };
        let what = || match (&class.name, &class.source) {
            (Some(name), _) => format!("{name} events"),
            (None, Source::One(source)) => format!("the {} calls of {source}", kind(class)),
            (None, Source::Other) => format!("all {} management events", kind(class)),
        };
        match selector::recorded(selectors, class) {
            Tri::Yes => None,
            Tri::No => {
                let fault = Fault::broken(
                    Link::Selector,
                    format!("The event selectors of trail {} do not record {}.", trail.name, what()),
                )
                .on(&trail.trail_arn);
                Some(match widened(selectors, None) {
                    Some(more) => {
                        fault.remedy(put_event_selectors(self.home(), &trail.trail_arn, &more))
                    }
                    None => fault,
                })
            }
            Tri::Unknown => Some(
                Fault::undecided(
                    Link::Selector,
                    format!(
                        "The advanced event selectors of trail {} choose by a field that does not decide it; whether all \
                         {} are recorded is open.",
                        trail.name,
                        what()
                    ),
                )
                .on(&trail.trail_arn),
            ),
        }
    }

    fn command(&self, operation: &str, option: &str) -> Command {
        Command::new(&format!("cloudtrail {operation}"), self.home())
            .with(option, &self.trail.trail_arn)
    }
}

fn kind(class: &EventClass) -> &'static str {
    if class.read_only {
        "reading"
    } else {
        "writing"
    }
}
