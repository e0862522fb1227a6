//! The verdict, the best path, and what to say about it.

use std::collections::BTreeMap;

use super::coverage::{Gap, Outcome, Path, Slice, outcome, paths, relevance, slices};
use super::data_protection::Needed;
use super::fault::Fault;
use super::filter::put_command;
use super::index::{GroupKey, Index};
use super::remedy::Command;
use super::{
    Assessment, Chain, Expectations, Finding, Link, LinkState, Verdict, Warning, literal, log_group,
};
use crate::control::{Benchmark, Control, Prescribed};
use crate::pattern::{Assumptions, Match, broader};
use crate::snapshot::{LogGroup, Snapshot};

/// Would every event of the control reach somebody? Pure: the time is the snapshot's.
pub fn assess(
    snapshot: &Snapshot,
    control: &Control,
    expectations: &Expectations,
    benchmark: &Benchmark,
) -> Assessment {
    Index::new(snapshot, expectations).assess(control, benchmark)
}

impl Index<'_> {
    /// As [`assess`], for one of several controls on one snapshot.
    pub fn assess(&self, control: &Control, benchmark: &Benchmark) -> Assessment {
        let paths = paths(self, control);
        let account = self.world.account();
        let mut candidates: Vec<(Rank, &Prescribed, Vec<Slice>, Outcome)> = control
            .required(benchmark)
            .into_iter()
            .map(|required| {
                let slices = slices(self, control, required);
                let outcome = outcome(required, control, &slices, &paths, account);
                (Rank::of(&outcome), required, slices, outcome)
            })
            .collect();
        candidates.sort_by_key(|(rank, _, _, _)| *rank);
        let judge = Judge {
            index: self,
            control,
            paths: &paths,
        };
        let mut assessment = match candidates.into_iter().next() {
            Some((_, required, slices, Outcome::Covered)) => judge.pass(required, &slices),
            Some((_, required, _, Outcome::Open(gap))) => {
                judge.short(Verdict::Unknown, required, &gap)
            }
            Some((_, required, _, Outcome::Missed(gap))) => {
                judge.short(Verdict::Fail, required, &gap)
            }
            None => judge.empty(Verdict::Unknown),
        };
        judge.tell_traps(&mut assessment.warnings);
        literal::add(&mut assessment, self, control, benchmark);
        assessment
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Covered,
    Open,
    Missed,
}

impl Rank {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Covered => Self::Covered,
            Outcome::Open(_) => Self::Open,
            Outcome::Missed(_) => Self::Missed,
        }
    }
}

/// The values that filters of a control look for in a record.
pub(super) fn needed_values(control: &Control) -> Vec<Needed> {
    let mut needed: Vec<Needed> = control
        .event_names
        .iter()
        .map(|name| Needed {
            field: "eventName",
            value: name.clone(),
        })
        .collect();
    // A source is needed where a prescribed pattern asks for it.
    needed.extend(
        control
            .event_sources
            .iter()
            .filter(|source| {
                control
                    .prescribed
                    .iter()
                    .all(|one| one.pattern.text().contains(source.as_str()))
            })
            .map(|source| Needed {
                field: "eventSource",
                value: source.clone(),
            }),
    );
    for (field, value) in [
        ("errorCode", "Client.UnauthorizedOperation"),
        ("errorCode", "AccessDenied"),
        ("errorMessage", "Failed authentication"),
        ("type", "Root"),
    ] {
        let asked = |text: &str| text.contains(value.trim_start_matches("Client."));
        if control
            .prescribed
            .iter()
            .all(|one| asked(one.pattern.text()))
        {
            needed.push(Needed {
                field,
                value: value.to_owned(),
            });
        }
    }
    needed
}

/// The log group has no filter at all, or none that has anything to do with the control.
pub(super) fn no_filter(control: &Control, (_, region, group): &GroupKey) -> Fault {
    Fault::absent(
        Link::Pattern,
        format!("No metric filter of log group {group} catches the events of this control."),
    )
    .on(group)
    .remedy(put_command(
        region,
        group,
        &control.key,
        control.install_text(&Benchmark::Any),
        (&control.metric_name, &control.namespace),
    ))
}

struct Judge<'j, 'i, 'a> {
    index: &'i Index<'a>,
    control: &'j Control,
    paths: &'j [Path<'i, 'a>],
}

/// How far a path goes, for choosing the one to report. Greater is better.
type Merit = (usize, usize, usize, usize);

impl<'i, 'a> Judge<'_, 'i, 'a> {
    fn empty(&self, verdict: Verdict) -> Assessment {
        Assessment {
            control: self.control.key.clone(),
            verdict,
            broken_link: None,
            findings: Vec::new(),
            warnings: Vec::new(),
            links: BTreeMap::new(),
            chain: Chain::default(),
            region: None,
            literal_cis: None,
            literal_security_hub: None,
        }
    }

    fn pass(&self, required: &Prescribed, slices: &[Slice]) -> Assessment {
        let sound: Vec<&Path<'i, 'a>> = self
            .paths
            .iter()
            .filter(|path| slices.iter().any(|slice| path.faults_for(slice).is_empty()))
            .filter(|path| path.leg.is_some() && relevance(path, self.control, required) > 0)
            .collect();
        let suffices = |chosen: &[&Path<'i, 'a>]| {
            let chosen: Vec<Path<'i, 'a>> = chosen.iter().map(|path| (*path).clone()).collect();
            matches!(
                outcome(
                    required,
                    self.control,
                    slices,
                    &chosen,
                    self.index.world.account()
                ),
                Outcome::Covered
            )
        };
        // The path to show is one that suffices by itself, with as little to warn of as can be.
        let mut alone: Vec<&Path<'i, 'a>> = sound
            .iter()
            .copied()
            .filter(|path| suffices(&[path]))
            .collect();
        alone.sort_by_key(|path| path.warnings.len());
        let mut used: Vec<&Path<'i, 'a>> = match alone.first() {
            Some(first) => vec![first],
            None => sound,
        };
        if alone.is_empty() {
            // Leave out one after another what the rest does not need.
            for at in (0..used.len()).rev() {
                let mut fewer = used.clone();
                fewer.remove(at);
                if suffices(&fewer) {
                    used = fewer;
                }
            }
        }
        let mut assessment = self.empty(Verdict::Pass);
        for path in &used {
            extend_chain(&mut assessment.chain, path);
            add_warnings(&mut assessment.warnings, &path.warnings);
        }
        assessment.links = Link::CHAIN
            .into_iter()
            .map(|link| (link, LinkState::Ok))
            .collect();
        assessment.region = used.first().and_then(|path| region(path));
        Self::warn_of_noise(&used, required, &mut assessment.warnings);
        if let Some(note) = &required.note
            && required.role == crate::control::Role::Accepted
        {
            assessment.warnings.push(Warning {
                code: "accepted_pattern",
                message: format!("The pattern is prescribed by nobody and accepted: {note}."),
            });
        }
        assessment
    }

    fn warn_of_noise(used: &[&Path<'i, 'a>], required: &Prescribed, warnings: &mut Vec<Warning>) {
        let patterns: Vec<_> = used
            .iter()
            .filter_map(|path| path.pattern().cloned())
            .collect();
        if let Some(example) = broader(&patterns, &required.pattern, &Assumptions::cloudtrail()) {
            warnings.push(Warning {
                code: "noisy_pattern",
                message: format!(
                    "The metric filter catches more than the control asks for, such as {example}: an alarm that is in \
                     ALARM because of it does not notify of what comes next."
                ),
            });
        }
    }

    /// Some event does not surely reach anybody: the best path for it, with all that is wrong with it.
    fn short(&self, verdict: Verdict, required: &Prescribed, gap: &Gap) -> Assessment {
        let mut best: Option<(Merit, &Path<'i, 'a>, Vec<Fault>)> = None;
        for path in self
            .paths
            .iter()
            .filter(|path| !self.is_outdone(path, required))
        {
            let faults = self.faults_of(path, required, gap);
            let is_cut = faults.iter().any(Fault::is_broken);
            // An open verdict hangs on a path that may hold.
            if faults.is_empty() || (verdict == Verdict::Unknown && is_cut) {
                continue;
            }
            let merit = self.merit(path, required, &faults);
            if best.as_ref().is_none_or(|(other, _, _)| merit > *other) {
                best = Some((merit, path, faults));
            }
        }
        let mut assessment = self.empty(verdict);
        let Some((_, path, faults)) = best else {
            let fault = if verdict == Verdict::Unknown {
                Fault::undecided(Link::Pattern, undecided_pattern(gap))
            } else {
                no_trail(self.index, self.control)
            };
            Self::report(&mut assessment, None, &[fault], gap);
            if let (Verdict::Unknown, Some(path)) = (verdict, self.paths.first()) {
                extend_chain(&mut assessment.chain, path);
                assessment.region = region(path);
            }
            return assessment;
        };
        extend_chain(&mut assessment.chain, path);
        add_warnings(&mut assessment.warnings, &path.warnings);
        assessment.region = region(path);
        Self::report(&mut assessment, Some(path), &faults, gap);
        assessment
    }

    /// Whether another filter of the same trail tells more: one that catches required events most, one that catches
    /// everything next, one that has nothing to do with the control least.
    fn is_outdone(&self, path: &Path<'i, 'a>, required: &Prescribed) -> bool {
        let rank = |path: &Path<'i, 'a>| match relevance(path, self.control, required) {
            0 => 0,
            _ if path.is_always_on() => 1,
            _ => 2,
        };
        path.leg.is_some()
            && self.paths.iter().any(|other| {
                other.leg.is_some()
                    && std::ptr::eq(other.head, path.head)
                    && rank(other) > rank(path)
            })
    }

    /// The faults of a path for the gap's events, with that of its pattern.
    fn faults_of(&self, path: &Path<'i, 'a>, required: &Prescribed, gap: &Gap) -> Vec<Fault> {
        let mut faults = path.faults_for(&gap.slice);
        let (Some(leg), Some(pattern)) = (path.leg, path.pattern()) else {
            return faults;
        };
        if relevance(path, self.control, required) == 0 {
            // A filter that has nothing to do with the control is as good as none.
            let Some(key) = &path.head.group else {
                return faults;
            };
            faults.retain(|fault| fault.at < Link::Pattern);
            faults.push(no_filter(self.control, key));
            return faults;
        }
        let filter = &leg.filter.seen.filter_name;
        let remedy = || {
            put_command(
                &leg.filter.seen.region,
                &leg.filter.seen.log_group_name,
                filter,
                self.control.install_text(&Benchmark::Any),
                leg.filter.metric.map_or(
                    (
                        self.control.metric_name.as_str(),
                        self.control.namespace.as_str(),
                    ),
                    |metric| (metric.name, metric.namespace),
                ),
            )
        };
        let matched = gap
            .event
            .as_ref()
            .map_or(Match::Yes, |event| pattern.matches_event(event));
        match (matched, gap.reason) {
            (Match::No, _) => faults.push(
                Fault::broken(
                    Link::Pattern,
                    format!("Metric filter {filter} does not match every required event."),
                )
                .on(filter)
                .remedy(remedy()),
            ),
            (Match::Undecided(reason), _) | (Match::Yes, Some(reason)) => faults.push(
                Fault::undecided(
                    Link::Pattern,
                    format!(
                        "Whether metric filter {filter} matches every required event cannot be decided: {reason}."
                    ),
                )
                .on(filter)
                .remedy(remedy()),
            ),
            (Match::Yes, None) => {}
        }
        faults.sort_by_key(|fault| fault.at);
        faults
    }

    fn merit(&self, path: &Path<'i, 'a>, required: &Prescribed, faults: &[Fault]) -> Merit {
        let decisive = |fault: &&Fault| fault.is_broken() || !faults.iter().any(Fault::is_broken);
        let first = faults
            .iter()
            .find(decisive)
            .map_or(usize::MAX, |fault| position(fault.at));
        let broken = faults.iter().filter(|fault| fault.is_broken()).count();
        (
            first,
            relevance(path, self.control, required),
            usize::MAX - broken,
            usize::MAX - faults.len(),
        )
    }

    fn report(
        assessment: &mut Assessment,
        path: Option<&Path<'i, 'a>>,
        faults: &[Fault],
        gap: &Gap,
    ) {
        let decisive = || {
            let any_broken = faults.iter().any(Fault::is_broken);
            faults
                .iter()
                .filter(move |fault| fault.is_broken() || !any_broken)
        };
        // What is not there outranks what is there and wrong: nothing else can be tried before it is made.
        let first = decisive()
            .find(|fault| fault.absent)
            .or_else(|| decisive().next());
        assessment.broken_link = first.map(|fault| fault.named);
        assessment.findings = faults
            .iter()
            .map(|fault| Self::finding(fault, first, assessment.verdict, gap))
            .collect();
        let reached = path.map_or(Link::Trail, reached);
        assessment.links = Link::CHAIN
            .into_iter()
            .map(|link| {
                let of_link = || faults.iter().filter(|fault| fault.at == link);
                let state = if of_link().any(Fault::is_broken) {
                    LinkState::Broken
                } else if of_link().next().is_some()
                    || link > reached
                    || (link == Link::Topic && assessment.chain.topic.is_none())
                {
                    LinkState::Undecided
                } else {
                    LinkState::Ok
                };
                (link, state)
            })
            .collect();
    }

    fn finding(fault: &Fault, first: Option<&Fault>, verdict: Verdict, gap: &Gap) -> Finding {
        let is_first = first.is_some_and(|first| std::ptr::eq(first, fault));
        let tells_events = verdict == Verdict::Fail && (is_first || fault.at == Link::Pattern);
        Finding {
            link: fault.named,
            resource: fault.resource.clone(),
            message: fault.message.clone(),
            remedy: fault.remedy.clone(),
            missing_events: match (tells_events, fault.at) {
                (false, _) => Vec::new(),
                (true, Link::Pattern) if !gap.uncaught.is_empty() => gap.uncaught.clone(),
                (true, _) => gap.missing.clone(),
            },
            counterexample: if tells_events {
                gap.event.clone()
            } else {
                None
            },
        }
    }

    /// What one should know of the prescribed texts themselves.
    fn tell_traps(&self, warnings: &mut Vec<Warning>) {
        let traps: Vec<&Prescribed> = self
            .control
            .prescribed
            .iter()
            .filter(|one| one.role == crate::control::Role::Reported)
            .collect();
        let Some(trap) = traps.first() else { return };
        let mut versions: Vec<&str> = traps
            .iter()
            .flat_map(|one| &one.cis)
            .map(|version| version.name())
            .collect();
        versions.sort_unstable();
        versions.dedup();
        warnings.push(Warning {
            code: "prescribed_text_cannot_work",
            message: format!(
                "The text {} that CIS {} prescribe {}; it is not asked for.",
                trap.pattern.text(),
                versions.join(", "),
                trap.note.as_deref().unwrap_or("cannot work")
            ),
        });
    }
}

fn no_trail(index: &Index<'_>, control: &Control) -> Fault {
    let region = index
        .world
        .snapshot
        .observer_region
        .as_deref()
        .or_else(|| {
            index
                .world
                .snapshot
                .enabled_regions
                .first()
                .map(String::as_str)
        })
        .unwrap_or("us-east-1");
    Fault::absent(
        Link::Trail,
        format!("The account has no trail: nothing records the events of {}.", control.key),
    )
    .remedy(
        Command::new("cloudtrail create-trail", region)
            .raw("--name NAME --s3-bucket-name BUCKET --is-multi-region-trail")
            .raw("--cloud-watch-logs-log-group-arn LOG_GROUP_ARN --cloud-watch-logs-role-arn ROLE_ARN"),
    )
}

fn undecided_pattern(gap: &Gap) -> String {
    match gap.reason {
        Some(reason) => format!(
            "Whether the metric filters together match every required event cannot be decided: {reason}."
        ),
        None => "Whether the metric filters together match every required event cannot be decided."
            .to_owned(),
    }
}

fn position(link: Link) -> usize {
    Link::CHAIN
        .iter()
        .position(|other| *other == link)
        .unwrap_or(usize::MAX)
}

fn reached(path: &Path<'_, '_>) -> Link {
    match (path.tail, path.leg, path.group) {
        (Some(tail), _, _) => tail.reached,
        (None, Some(_), _) => Link::Metric,
        (None, None, Some(_)) => Link::Pattern,
        (None, None, None) if path.head.observed.is_some() => Link::LogGroup,
        (None, None, None) => Link::Trail,
    }
}

fn region(path: &Path<'_, '_>) -> Option<String> {
    let of_group = path
        .head
        .group
        .as_ref()
        .map(|(_, region, _)| region.clone());
    of_group.or_else(|| {
        path.head
            .observed
            .map(|observed| observed.home().to_owned())
    })
}

/// Adds a path's resources to a chain, each once.
fn extend_chain(chain: &mut Chain, path: &Path<'_, '_>) {
    if let Some(observed) = path.head.observed {
        chain.trail.get_or_insert_with(|| observed.trail.clone());
        if chain.selectors.is_none() {
            chain.selectors = observed.selectors().cloned();
        }
    }
    if let (Some((_, region, name)), Some(group)) = (&path.head.group, path.group) {
        chain.log_group.get_or_insert_with(|| {
            log_group::listed(group.world, region, name)
                .cloned()
                .unwrap_or_else(|| LogGroup {
                    region: region.clone(),
                    log_group_name: name.clone(),
                    log_group_class: None,
                })
        });
    }
    if let Some(leg) = path.leg {
        push_new(&mut chain.filters, leg.filter.seen);
    }
    if let Some(tail) = path.tail {
        for alarm in &tail.alarms {
            push_new(&mut chain.alarms, alarm);
        }
        if let Some(topic) = tail.topic {
            chain.topic.get_or_insert_with(|| topic.clone());
        }
        for subscription in &tail.subscriptions {
            push_new(&mut chain.subscriptions, subscription);
        }
    }
}

fn push_new<T: Clone + PartialEq>(list: &mut Vec<T>, item: &T) {
    if !list.contains(item) {
        list.push(item.clone());
    }
}

fn add_warnings(warnings: &mut Vec<Warning>, more: &[Warning]) {
    for warning in more {
        push_new(warnings, warning);
    }
}
