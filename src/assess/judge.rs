//! The verdict and the best path.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::coverage::{Claim, Gap, Outcome};
use super::fault::Fault;
use super::index::{Head, Index, Leg};
use super::path::{Carries, Path, metric_of, no_filter, paths, put_beside};
use super::proofs::{CoverQuestion, Proofs};
use super::remedy::Command;
use super::report::{
    add_warnings, extend_chain, no_trail, position, region, report, undecided_pattern,
};
use super::universe::slices;
use super::{
    Assessment, Chain, Expectations, Link, LinkState, Recipient, Verdict, Warning, WarningCode,
    literal,
};
use crate::control::{Benchmark, Control, Prescribed, Role};
use crate::pattern::{Assumptions, Cover, Match, Pattern, covers};
use crate::snapshot::{Alarm, MetricTransformation, Snapshot};

/// Would every event of the control reach somebody? Pure: the time is the snapshot's.
pub fn assess(
    snapshot: &Snapshot,
    control: &Control,
    expectations: &Expectations,
    benchmark: &Benchmark,
) -> Assessment {
    Index::new(snapshot, expectations, &Proofs::default()).assess(control, benchmark)
}

impl Index<'_> {
    /// As [`assess`], for one of several controls on one snapshot.
    pub fn assess(&self, control: &Control, benchmark: &Benchmark) -> Assessment {
        // Any of the prescribed patterns satisfies.
        let mut judges: Vec<Judge<'_, '_, '_>> = Vec::new();
        let covered = control
            .required(benchmark)
            .into_iter()
            .find_map(|required| {
                let judge = Judge::new(self, control, required);
                if judge.is_covered() {
                    return Some(judge.pass());
                }
                judges.push(judge);
                None
            });
        let mut assessment = covered
            .or_else(|| nearest(&judges))
            .unwrap_or_else(|| empty(control, Verdict::Unknown));
        assessment.warnings.extend(traps(control));
        literal::add(&mut assessment, self, control, benchmark);
        assessment
    }
}

/// Of several patterns, none of which is covered, the one that comes nearest is reported, the first of those that come
/// equally near.
fn nearest(judges: &[Judge<'_, '_, '_>]) -> Option<Assessment> {
    let mut best: Option<(Nearness, Assessment)> = None;
    for judge in judges {
        let (nearness, assessment) = judge.judge();
        if best.as_ref().is_none_or(|(near, _)| nearness > *near) {
            best = Some((nearness, assessment));
        }
    }
    best.map(|(_, assessment)| assessment)
}

fn empty(control: &Control, verdict: Verdict) -> Assessment {
    Assessment {
        control: control.key.clone(),
        verdict,
        broken_link: None,
        findings: Vec::new(),
        warnings: Vec::new(),
        links: BTreeMap::new(),
        chain: Chain::default(),
        audience: Vec::new(),
        region: None,
        literal_cis: None,
        literal_security_hub: None,
    }
}

/// What one should know of the prescribed texts themselves.
fn traps(control: &Control) -> Option<Warning> {
    let reported = || {
        control
            .prescribed
            .iter()
            .filter(|one| one.role == Role::Reported)
    };
    let trap = reported().next()?;
    let mut versions: Vec<&str> = reported()
        .flat_map(|one| &one.cis)
        .map(|version| version.name())
        .collect();
    versions.sort_unstable();
    versions.dedup();
    Some(Warning {
        code: WarningCode::PrescribedTextCannotWork,
        message: format!(
            "The text {} that CIS {} prescribe {}; it is not asked for.",
            trap.pattern.text(),
            versions.join(", "),
            trap.note.as_deref().unwrap_or("cannot work")
        ),
    })
}

/// One required pattern on one account.
struct Judge<'j, 'i, 'a> {
    index: &'i Index<'a>,
    claim: Claim<'j>,
    paths: Vec<Path<'i, 'a>>,
}

/// How far a path goes, for choosing the one to report. Greater is better.
type Merit = (usize, usize, usize, usize);

/// How near the account comes to what is required: by the outcome, and then by the best path.
type Nearness = (Reverse<u8>, Option<Merit>);

impl<'j, 'i: 'j, 'a> Judge<'j, 'i, 'a> {
    fn new(index: &'i Index<'a>, control: &'j Control, required: &'j Prescribed) -> Self {
        let slices = slices(index, control, required);
        let paths = paths(index, control, &slices);
        Self {
            index,
            claim: Claim::new(index, control, required, slices),
            paths,
        }
    }

    fn relevance(&self, path: &Path<'i, 'a>) -> usize {
        self.claim.relevance.of(path)
    }

    fn is_covered(&self) -> bool {
        self.claim
            .is_covered(&self.paths.iter().collect::<Vec<_>>())
    }

    fn judge(&self) -> (Nearness, Assessment) {
        let outcome = self.claim.outcome(&self.paths.iter().collect::<Vec<_>>());
        let (merit, assessment) = match &outcome {
            Outcome::Covered => (None, self.pass()),
            Outcome::Open(gap) => self.short(Verdict::Unknown, gap),
            Outcome::Missed(gap) => self.short(Verdict::Fail, gap),
        };
        ((Reverse(outcome.rank()), merit), assessment)
    }

    fn pass(&self) -> Assessment {
        let used = self.used();
        let mut assessment = empty(self.claim.control, Verdict::Pass);
        for path in &used {
            extend_chain(&mut assessment.chain, path);
            add_warnings(&mut assessment.warnings, &path.warnings);
        }
        assessment.links = Link::CHAIN
            .into_iter()
            .map(|link| (link, LinkState::Ok))
            .collect();
        assessment.region = used.first().and_then(|path| region(path));
        assessment.audience = self.audience(&used);
        self.warn_of_noise(&used, &mut assessment.warnings);
        if let Some(note) = &self.claim.required.note
            && self.claim.required.role == Role::Accepted
        {
            assessment.warnings.push(Warning {
                code: WarningCode::AcceptedPattern,
                message: format!("The pattern is prescribed by nobody and accepted: {note}."),
            });
        }
        assessment
    }

    /// The paths that hold for some of the required events' regions and sources.
    fn sound(&self) -> impl Iterator<Item = &Path<'i, 'a>> {
        self.paths
            .iter()
            .filter(|path| path.leg.is_some())
            .filter(|path| {
                let mut places = 0..self.claim.slices.len();
                places.any(|slice| path.carries(slice) == Carries::Surely)
            })
    }

    /// Everybody who is told of a required event, whichever of the paths is shown: which one that is may change with the
    /// state of an alarm.
    fn audience(&self, used: &[&Path<'i, 'a>]) -> Vec<Recipient> {
        let told = self.sound().filter(|path| {
            self.claim.relevance.catches_usual(path)
                || used.iter().any(|one| std::ptr::eq(*one, *path))
                || (self.claim.required.event_names.is_empty()
                    && self.relevance(path) > 0
                    && self.claim.is_covered(&[path]))
        });
        let mut audience: Vec<Recipient> = told
            .filter_map(|path| path.tail)
            .flat_map(|tail| tail.subscriptions.iter().copied())
            .map(Recipient::from)
            .collect();
        audience.sort();
        audience.dedup();
        audience
    }

    /// The paths to show at PASS: one that suffices by itself, with as little to warn of as can be, or as few as do.
    fn used(&self) -> Vec<&Path<'i, 'a>> {
        let mut sound: Vec<&Path<'i, 'a>> = self.sound().collect();
        sound.sort_by_key(|path| (path.warnings.len(), usize::MAX - self.relevance(path)));
        if let Some(alone) = sound.iter().find(|path| self.claim.is_covered(&[path])) {
            return vec![alone];
        }
        let relevant: Vec<_> = sound
            .iter()
            .copied()
            .filter(|path| self.relevance(path) > 0)
            .collect();
        let mut used = if self.claim.is_covered(&relevant) {
            relevant
        } else {
            sound
        };
        for at in (0..used.len()).rev() {
            let mut fewer = used.clone();
            fewer.remove(at);
            if self.claim.is_covered(&fewer) {
                used = fewer;
            }
        }
        used
    }

    fn warn_of_noise(&self, used: &[&Path<'i, 'a>], warnings: &mut Vec<Warning>) {
        let own = self.claim.noise(used);
        let own = own.map(|example| ("The metric filter catches", example));
        let noise = own.or_else(|| {
            let example = self.claim.noise(&self.beside(used))?;
            Some(("Other metric filters of the alarm catch", example))
        });
        if let Some((who, example)) = noise {
            warnings.push(Warning {
                code: WarningCode::NoisyPattern,
                message: format!(
                    "{who} more than the control asks for, such as {example}: an alarm that is in ALARM because of it \
                     does not notify of what comes next."
                ),
            });
        }
    }

    /// All paths to the alarms of these, as far as they may hold.
    fn beside(&self, used: &[&Path<'i, 'a>]) -> Vec<&Path<'i, 'a>> {
        let acting = |path: &Path<'i, 'a>| path.tail?.alarms.last().copied();
        let ends = |path: &Path<'i, 'a>, alarm: &Alarm| {
            acting(path).is_some_and(|acting| std::ptr::eq(acting, alarm))
        };
        let mut beside: Vec<&Path<'i, 'a>> = self.paths.iter().collect();
        beside.retain(|path| {
            acting(path).is_some_and(|alarm| used.iter().any(|one| ends(one, alarm)))
                && !path.faults.iter().any(Fault::is_broken)
        });
        beside
    }

    /// Some event does not surely reach anybody: the best path for it, with all that is wrong with it.
    fn short(&self, verdict: Verdict, gap: &Gap) -> (Option<Merit>, Assessment) {
        let mut best: Option<(Merit, Path<'i, 'a>, Vec<Fault>)> = None;
        let mut without: BTreeSet<*const Head<'a>> = BTreeSet::new();
        for path in self.telling() {
            // Without its filter one path of a trail is as good as another: a log group may have a hundred strangers.
            if self.is_stranger(path) && !without.insert(std::ptr::from_ref(path.head)) {
                continue;
            }
            let path = self.without_stranger(path);
            let faults = self.faults_of(&path, gap);
            let is_cut = faults.iter().any(Fault::is_broken);
            // An open verdict hangs on a path that may hold.
            if faults.is_empty() || (verdict == Verdict::Unknown && is_cut) {
                continue;
            }
            let merit = merit(self.relevance(&path), &faults);
            if best.as_ref().is_none_or(|(other, _, _)| merit > *other) {
                best = Some((merit, path, faults));
            }
        }
        let mut assessment = empty(self.claim.control, verdict);
        let (merit, path, faults) = match best {
            Some((merit, path, faults)) => (Some(merit), Some(path), faults),
            None if verdict == Verdict::Unknown => {
                let fault = Fault::undecided(Link::Pattern, undecided_pattern(gap));
                (None, self.paths.first().cloned(), vec![fault])
            }
            None => (None, None, vec![no_trail(self.index, self.claim.control)]),
        };
        if let Some(path) = &path {
            extend_chain(&mut assessment.chain, path);
            add_warnings(&mut assessment.warnings, &path.warnings);
            assessment.region = region(path);
        }
        report(&mut assessment, path.as_ref(), &faults, gap);
        (merit, assessment)
    }

    /// How much the filter of a path tells: one that catches required events most, one that catches everything next, one that
    /// has nothing to do with the control least; none where there is no filter.
    fn rank(&self, path: &Path<'i, 'a>) -> Option<u8> {
        path.leg?;
        Some(match self.relevance(path) {
            0 => 0,
            _ if path.is_always_on() => 1,
            _ => 2,
        })
    }

    /// The paths without those of whose trail another filter tells more.
    fn telling(&self) -> impl Iterator<Item = &Path<'i, 'a>> {
        let mut most: BTreeMap<*const Head<'a>, Option<u8>> = BTreeMap::new();
        for path in &self.paths {
            let best = most.entry(std::ptr::from_ref(path.head)).or_default();
            *best = (*best).max(self.rank(path));
        }
        self.paths.iter().filter(move |path| {
            let rank = self.rank(path);
            rank.is_none() || most.get(&std::ptr::from_ref(path.head)) == Some(&rank)
        })
    }

    /// Whether the path's filter has nothing to do with the control.
    fn is_stranger(&self, path: &Path<'i, 'a>) -> bool {
        path.leg.is_some() && path.head.group.is_some() && self.relevance(path) == 0
    }

    /// A filter that has nothing to do with the control is as good as none.
    fn without_stranger(&self, path: &Path<'i, 'a>) -> Path<'i, 'a> {
        let mut path = path.clone();
        if self.is_stranger(&path)
            && let Some(key) = &path.head.group
        {
            path.faults.retain(|fault| fault.at < Link::Pattern);
            path.faults
                .push(no_filter(self.claim.control, key, path.group));
            path.warnings = path.head.delivery.warnings.clone();
            path.leg = None;
            path.tail = None;
        }
        path
    }

    /// The faults of a path for the gap's events, with that of its pattern.
    fn faults_of(&self, path: &Path<'i, 'a>, gap: &Gap) -> Vec<Fault> {
        let mut faults = path.faults_for(&gap.slice);
        let (Some(leg), Some(pattern)) = (path.leg, path.pattern()) else {
            return faults;
        };
        let filter = &leg.filter.seen.filter_name;
        let matched = gap
            .event
            .as_ref()
            .map_or(Match::Yes, |event| pattern.matches_event(event));
        if let Some(event) = &gap.event {
            let alarm = path.tail.and_then(|tail| tail.alarms.first().copied());
            let picks = path.picks().iter();
            faults.extend(picks.filter_map(|pick| pick.fault(event, alarm)));
        }
        let fault = match (matched, gap.reason) {
            (Match::Yes, None) => None,
            (Match::No, _) => Some(Fault::broken(
                Link::Pattern,
                format!("Metric filter {filter} does not match every required event."),
            )),
            (Match::Undecided(reason), _) | (Match::Yes, Some(reason)) => Some(Fault::undecided(
                Link::Pattern,
                format!(
                    "Whether metric filter {filter} matches every required event cannot be decided: {reason}."
                ),
            )),
        };
        faults
            .extend(fault.map(|fault| fault.on(filter).remedy(self.put_right(path, leg, pattern))));
        faults.sort_by_key(|fault| fault.at);
        faults
    }

    /// The command that has the control's own pattern watched: by the filter, where it loses nothing by that, else by another
    /// beside it, which feeds the same metric.
    fn put_right(&self, path: &Path<'i, 'a>, leg: &Leg<'a>, pattern: &Pattern) -> Command {
        let control = self.claim.control;
        let seen = leg.filter.seen;
        let own = control.install_text(&Benchmark::Any);
        let required = std::slice::from_ref(&self.claim.required.pattern);
        let assumptions = Assumptions::cloudtrail();
        let question = CoverQuestion::new(pattern, required, assumptions.clone());
        let work_out = || covers(required, pattern, &assumptions);
        let cover = self.index.proofs.covers.answer(question, work_out);
        let loses_nothing = matches!(cover, Cover::Covered { .. });
        if loses_nothing {
            let filter = &leg.filter;
            return filter.put_again(|again| again.filter_pattern = Some(own.to_owned()));
        }
        // A metric that is divided by fields cannot be fed whole.
        let whole = seen.metric_transformations.first().filter(|metric| {
            metric.dimensions.is_empty() && seen.emit_system_field_dimensions.is_none()
        });
        let metric = whole.map_or_else(
            || metric_of(control),
            |metric| MetricTransformation {
                default_value: None,
                ..metric.clone()
            },
        );
        let place = (seen.region.as_str(), seen.log_group_name.as_str());
        put_beside(control, place, path.group, metric)
    }
}

fn merit(relevance: usize, faults: &[Fault]) -> Merit {
    let any_broken = faults.iter().any(Fault::is_broken);
    let first = faults.iter().find(|fault| fault.is_broken() || !any_broken);
    let broken = faults.iter().filter(|fault| fault.is_broken()).count();
    (
        first.map_or(usize::MAX, |fault| position(fault.at)),
        relevance,
        usize::MAX - broken,
        usize::MAX - faults.len(),
    )
}
