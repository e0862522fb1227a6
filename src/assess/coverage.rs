//! Which events are required, which paths carry them, and what is left over: the proof behind the verdict.

use serde_json::Value;

use super::fault::{Certainty, Fault, Tri};
use super::index::{Group, Head, Index, Leg};
use super::selector::{EventClass, Source, named_sources};
use super::tail::Tail;
use super::{Link, Warning};
use crate::control::{Control, EventKind, Prescribed};
use crate::pattern::{Assumptions, Cover, Pattern, Reason, covers, missing_event_names};

/// One way from a trail to an end, whole or cut.
#[derive(Debug, Clone)]
pub(super) struct Path<'i, 'a> {
    pub(super) head: &'i Head<'a>,
    pub(super) group: Option<&'i Group<'a>>,
    /// None: nothing is known of filters; the path may catch everything, as far as its faults allow.
    pub(super) leg: Option<&'i Leg<'a>>,
    pub(super) tail: Option<&'i Tail<'a>>,
    /// Faults that do not depend on the event, in the order of the chain.
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<Warning>,
}

/// Required events that a path carries all or none of, but for its pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slice {
    /// With one region in place of all.
    pub(super) class: EventClass,
    pub(super) regions: Vec<String>,
}

/// What is left over of a required pattern.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// Nothing.
    Covered,
    /// Nothing, if every undecided path holds.
    Open(Gap),
    /// Something, whatever the undecided paths do.
    Missed(Gap),
}

/// Events that are left over.
#[derive(Debug, Clone)]
pub(super) struct Gap {
    pub(super) slice: Slice,
    /// An event that reaches nobody.
    pub(super) event: Option<Value>,
    /// Why the proof went neither way.
    pub(super) reason: Option<Reason>,
    /// Names of required events that reach nobody.
    pub(super) missing: Vec<String>,
    /// Those of them that no filter catches, whatever becomes of its metric.
    pub(super) uncaught: Vec<String>,
}

impl<'i> Path<'i, '_> {
    /// Everything that is wrong with the path for the events of a slice, in the order of the chain.
    pub(super) fn faults_for(&self, slice: &Slice) -> Vec<Fault> {
        let mut faults = self.faults.clone();
        match (&self.head.observed, &self.head.only_region) {
            (Some(observed), _) => faults.extend(observed.class_faults(&slice.class)),
            (None, Some(region)) if *region != slice.class.region => faults.push(Fault::broken(
                Link::Trail,
                format!("No trail that was seen records {}.", slice.class.region),
            )),
            (None, _) => {}
        }
        faults.extend(
            self.tail
                .iter()
                .flat_map(|tail| &tail.picks)
                .filter_map(|pick| pick_fault(pick, &slice.class, self.tail)),
        );
        faults.sort_by_key(|fault| fault.at);
        faults
    }

    /// Whether the path carries the events of a slice that its pattern matches; none: it does not.
    fn carries(&self, slice: &Slice) -> Option<Certainty> {
        let faults = self.faults_for(slice);
        if faults.is_empty() {
            Some(Certainty::Broken)
        } else if faults.iter().any(Fault::is_broken) {
            None
        } else {
            Some(Certainty::Undecided)
        }
    }

    /// Whether its filter catches practically every record.
    pub(super) fn is_always_on(&self) -> bool {
        self.leg.is_some_and(|leg| leg.filter.always_on == Tri::Yes)
    }

    /// The pattern; none: everything.
    pub(super) fn pattern(&self) -> Option<&'i Pattern> {
        self.leg.and_then(|leg| leg.filter.pattern.as_ref().ok())
    }
}

/// An alarm that names values of dimensions counts only the events that carry them.
fn pick_fault(
    (field, value): &(String, String),
    class: &EventClass,
    tail: Option<&Tail<'_>>,
) -> Option<Fault> {
    let actual = match (field.as_str(), &class.source) {
        ("$.eventName", _) => class.name.as_deref(),
        ("$.awsRegion", _) => Some(class.region.as_str()),
        ("$.eventSource", Source::One(source)) => Some(source.as_str()),
        _ => None,
    };
    (actual != Some(value)).then(|| {
        let alarm = tail.and_then(|tail| tail.alarms.first());
        let fault = Fault::broken(
            Link::Metric,
            format!(
                "The metric is split by {field}, and alarm {} looks at {value} only.",
                alarm.map_or("", |alarm| &alarm.alarm_name)
            ),
        );
        alarm.map_or_else(|| fault.clone(), |alarm| fault.clone().on(&alarm.alarm_arn))
    })
}

/// Every path of the account, for a control.
pub(super) fn paths<'i, 'a>(index: &'i Index<'a>, control: &Control) -> Vec<Path<'i, 'a>> {
    let needed = super::judge::needed_values(control);
    let mut paths = Vec::new();
    for head in &index.heads {
        let mut faults = head.faults.clone();
        faults.extend(head.delivery.faults.iter().cloned());
        let mut warnings = head.delivery.warnings.clone();
        let Some((key, group)) = head
            .group
            .as_ref()
            .and_then(|key| Some((key, index.groups.get(key)?)))
        else {
            paths.push(Path {
                head,
                group: None,
                leg: None,
                tail: None,
                faults,
                warnings,
            });
            continue;
        };
        let masking = super::data_protection::masking(group.world, &key.1, &key.2, &needed);
        faults.extend(masking.faults);
        warnings.extend(masking.warnings);
        let trunk = Path {
            head,
            group: Some(group),
            leg: None,
            tail: None,
            faults,
            warnings,
        };
        if let Some(unseen) = &group.unseen {
            let mut path = trunk.clone();
            path.faults.push(unseen.clone());
            paths.push(path);
        } else if group.legs.is_empty() {
            let mut path = trunk.clone();
            path.faults.push(super::judge::no_filter(control, key));
            paths.push(path);
        }
        for leg in &group.legs {
            let mut path = trunk.clone();
            path.leg = Some(leg);
            path.faults.extend(leg.faults.iter().cloned());
            if leg.tails.is_empty() {
                paths.push(path);
                continue;
            }
            paths.extend(leg.tails.iter().map(|tail| {
                let mut path = path.clone();
                path.tail = Some(tail);
                path.faults.extend(tail.faults.iter().cloned());
                path.warnings.extend(tail.warnings.iter().cloned());
                path
            }));
        }
    }
    paths
}

/// The required events of a control, in slices that no trail and no dimension cuts.
pub(super) fn slices(index: &Index<'_>, control: &Control, required: &Prescribed) -> Vec<Slice> {
    let observed: Vec<_> = index
        .heads
        .iter()
        .filter_map(|head| head.observed)
        .collect();
    let mut sources: Vec<Source> = control
        .event_sources
        .iter()
        .cloned()
        .map(Source::One)
        .collect();
    if sources.is_empty() {
        sources.extend(
            observed
                .iter()
                .filter_map(super::trail::Observed::selectors)
                .flat_map(named_sources)
                .map(Source::One),
        );
        sources.push(Source::Other);
    }
    sources.sort();
    sources.dedup();
    let names: Vec<Option<String>> = if required.event_names.is_empty() {
        vec![None]
    } else {
        required.event_names.iter().cloned().map(Some).collect()
    };
    let event_type = match control.events {
        EventKind::Change => Some("AwsApiCall"),
        EventKind::Signin | EventKind::FailedSignin => Some("AwsConsoleSignIn"),
        EventKind::Any => None,
    };
    let mut slices = Vec::new();
    for regions in region_sets(index) {
        let Some(region) = regions.first().cloned() else {
            continue;
        };
        for source in &sources {
            for name in &names {
                for read_only in read_only(control, name.as_deref()) {
                    slices.push(Slice {
                        class: EventClass {
                            region: region.clone(),
                            source: source.clone(),
                            name: name.clone(),
                            read_only: *read_only,
                            event_type,
                        },
                        regions: regions.clone(),
                    });
                }
            }
        }
    }
    slices
}

/// CloudTrail's own naming: calls that only read begin with these.
fn read_only(control: &Control, name: Option<&str>) -> &'static [bool] {
    const READING: [&str; 6] = ["Get", "List", "Describe", "Head", "Lookup", "BatchGet"];
    match (control.events, name) {
        (EventKind::Any, Some(name)) if READING.iter().any(|verb| name.starts_with(verb)) => {
            &[true]
        }
        (EventKind::Any, None) => &[false, true],
        _ => &[false],
    }
}

/// The enabled regions, those together that no trail and no dimension tells apart.
fn region_sets(index: &Index<'_>) -> Vec<Vec<String>> {
    let snapshot = index.world.snapshot;
    let mut regions = snapshot.enabled_regions.clone();
    if regions.is_empty() {
        // Which regions are in use is not known: those of the trails, and some other.
        regions.extend(
            index
                .heads
                .iter()
                .filter_map(|head| Some(head.observed?.home().to_owned())),
        );
        regions.push(String::new());
    }
    regions.sort();
    regions.dedup();
    let mut special: Vec<String> = index
        .heads
        .iter()
        .filter_map(|head| head.observed)
        .filter(|observed| !observed.trail.is_multi_region_trail)
        .map(|observed| observed.home().to_owned())
        .collect();
    special.extend(
        index
            .heads
            .iter()
            .filter_map(|head| head.only_region.clone()),
    );
    let picked = index
        .groups
        .values()
        .flat_map(|group| &group.legs)
        .flat_map(|leg| &leg.tails)
        .flat_map(|tail| &tail.picks);
    special.extend(
        picked
            .filter(|(field, _)| field == "$.awsRegion")
            .map(|(_, value)| value.clone()),
    );
    let (alone, together): (Vec<String>, Vec<String>) = regions
        .into_iter()
        .partition(|region| special.contains(region));
    alone
        .into_iter()
        .map(|region| vec![region])
        .chain((!together.is_empty()).then_some(together))
        .collect()
}

/// What the paths leave over of a required pattern.
pub(super) fn outcome(
    required: &Prescribed,
    control: &Control,
    slices: &[Slice],
    paths: &[Path<'_, '_>],
    account: &str,
) -> Outcome {
    let carried: Vec<(Vec<usize>, Vec<usize>)> = slices
        .iter()
        .map(|slice| {
            let with = |wanted: &[Certainty]| {
                paths
                    .iter()
                    .enumerate()
                    .filter(|(_, path)| {
                        path.carries(slice)
                            .is_some_and(|carries| wanted.contains(&carries))
                    })
                    .map(|(at, _)| at)
                    .collect::<Vec<usize>>()
            };
            (
                with(&[Certainty::Broken]),
                with(&[Certainty::Broken, Certainty::Undecided]),
            )
        })
        .collect();
    let uniform = carried
        .windows(2)
        .all(|pair| matches!(pair, [one, other] if one == other));
    let every = patterns(&worth_telling(paths, control, required));
    let mut open: Option<Gap> = None;
    let mut missed: Option<Gap> = None;
    for (slice, (sure, possible)) in slices.iter().zip(&carried) {
        let proof = Proof {
            required: &required.pattern,
            control,
            slice,
            whole: uniform.then_some(slices),
            account,
            every: &every,
        };
        match proof.run(&pick(paths, sure), &pick(paths, possible)) {
            Outcome::Covered => {}
            Outcome::Open(gap) => open = open.or(Some(gap)),
            Outcome::Missed(gap) => match &mut missed {
                None => missed = Some(gap),
                Some(first) => {
                    add_new(&mut first.missing, gap.missing);
                    add_new(&mut first.uncaught, gap.uncaught);
                }
            },
        }
        if uniform {
            break;
        }
    }
    if let Some(gap) = &mut missed {
        let order = |name: &String| required.event_names.iter().position(|other| other == name);
        gap.missing.sort_by_key(order);
        gap.uncaught.sort_by_key(order);
    }
    match (missed, open) {
        (Some(gap), _) => Outcome::Missed(gap),
        (None, Some(gap)) => Outcome::Open(gap),
        (None, None) => Outcome::Covered,
    }
}

/// The paths whose filters have to do with the control; those that catch everything only where there are no others.
fn worth_telling<'p, 'i, 'a>(
    paths: &'p [Path<'i, 'a>],
    control: &Control,
    required: &Prescribed,
) -> Vec<&'p Path<'i, 'a>> {
    let (always, chosen): (Vec<_>, Vec<_>) = paths
        .iter()
        .filter(|path| path.leg.is_some() && relevance(path, control, required) > 0)
        .partition(|path| path.is_always_on());
    if chosen.is_empty() { always } else { chosen }
}

/// How much a filter has to do with the required events: names that it catches, words that it shares.
pub(super) fn relevance(path: &Path<'_, '_>, control: &Control, required: &Prescribed) -> usize {
    let Some(pattern) = path.pattern() else {
        return usize::from(path.leg.is_some());
    };
    let shared = words(required.pattern.text())
        .into_iter()
        .filter(|word| pattern.text().contains(word))
        .count();
    if path.is_always_on() {
        // It counts all events for another purpose, unless somebody is to be told of them.
        let tells = path.tail.is_some_and(|tail| tail.reached > Link::Action);
        return shared + usize::from(tells);
    }
    let missing = missing_event_names(
        std::slice::from_ref(pattern),
        &required.pattern,
        &known(control, &|field| pattern.text().contains(field)),
    );
    let caught = required
        .event_names
        .len()
        .saturating_sub(missing.missing.len());
    caught * 100 + shared
}

/// Words of a pattern that tell it from others.
fn words(text: &str) -> Vec<&str> {
    const COMMON: [&str; 8] = [
        "eventName",
        "eventSource",
        "amazonaws",
        "com",
        "EXISTS",
        "NOT",
        "eventType",
        "userIdentity",
    ];
    let mut words: Vec<&str> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.len() >= 3 && !COMMON.contains(word))
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

fn add_new(list: &mut Vec<String>, more: Vec<String>) {
    for name in more {
        if !list.contains(&name) {
            list.push(name);
        }
    }
}

fn pick<'p, 'i, 'a>(paths: &'p [Path<'i, 'a>], chosen: &[usize]) -> Vec<&'p Path<'i, 'a>> {
    chosen.iter().filter_map(|at| paths.get(*at)).collect()
}

struct Proof<'p> {
    required: &'p Pattern,
    control: &'p Control,
    slice: &'p Slice,
    /// All slices, where the same paths carry every one of them.
    whole: Option<&'p [Slice]>,
    account: &'p str,
    /// The patterns of all filters, working or not.
    every: &'p [Pattern],
}

impl Proof<'_> {
    fn run(&self, sure: &[&Path<'_, '_>], possible: &[&Path<'_, '_>]) -> Outcome {
        let sure_cover = self.cover(sure);
        if matches!(sure_cover, Cover::Covered { .. }) {
            return Outcome::Covered;
        }
        let open = |event: Option<Value>, reason: Option<Reason>| {
            Outcome::Open(Gap {
                slice: self.slice.clone(),
                event: event.map(|event| self.place(event)),
                reason,
                missing: Vec::new(),
                uncaught: Vec::new(),
            })
        };
        match (self.cover(possible), sure_cover) {
            (Cover::NotCovered { counterexample }, _) => Outcome::Missed(self.missed(
                // An event that no filter catches tells more than one that is caught in vain.
                match covers(self.every, self.required, &self.assumptions()) {
                    Cover::NotCovered { counterexample } => counterexample,
                    _ => counterexample,
                },
                &patterns(possible),
            )),
            (_, Cover::NotCovered { counterexample }) => open(Some(counterexample), None),
            (_, Cover::Undecided { reason }) => open(None, Some(reason)),
            (_, Cover::Covered { .. }) => Outcome::Covered,
        }
    }

    fn missed(&self, event: Value, possible: &[Pattern]) -> Gap {
        let missing = |patterns: &[Pattern]| {
            missing_event_names(patterns, self.required, &self.assumptions())
        };
        Gap {
            slice: self.slice.clone(),
            event: Some(self.place(event)),
            reason: None,
            missing: missing(possible).missing,
            uncaught: missing(self.every).missing,
        }
    }

    fn cover(&self, paths: &[&Path<'_, '_>]) -> Cover {
        if paths.iter().any(|path| path.leg.is_none()) {
            return Cover::Covered {
                assumptions: Vec::new(),
            };
        }
        covers(&patterns(paths), self.required, &self.assumptions())
    }

    /// What CloudTrail is known to write into the events of the slice.
    fn assumptions(&self) -> Assumptions {
        let named = |field: &str| {
            self.every
                .iter()
                .chain([self.required])
                .any(|pattern| pattern.text().contains(field))
        };
        let mut assumptions = known(self.control, &named);
        let regions: Vec<&str> = match self.whole {
            Some(slices) => slices
                .iter()
                .flat_map(|slice| &slice.regions)
                .map(String::as_str)
                .collect(),
            None => self.slice.regions.iter().map(String::as_str).collect(),
        };
        if named("awsRegion") && regions.iter().all(|region| !region.is_empty()) {
            assumptions = assumptions.with_string("awsRegion", &unique(regions));
        }
        if named("recipientAccountId") {
            assumptions = assumptions.with_string("recipientAccountId", &[self.account]);
        }
        if self.whole.is_some() {
            return assumptions;
        }
        if let Source::One(source) = &self.slice.class.source {
            assumptions = assumptions.with_string("eventSource", &[source]);
        }
        if let Some(name) = &self.slice.class.name {
            assumptions = assumptions.with_string("eventName", &[name]);
        }
        assumptions
    }

    /// Writes the region into an event, where nothing forbids it.
    fn place(&self, event: Value) -> Value {
        let region = &self.slice.class.region;
        let mut placed = event.clone();
        match placed.as_object_mut() {
            Some(fields) if !region.is_empty() && !fields.contains_key("awsRegion") => {
                fields.insert("awsRegion".to_owned(), Value::String(region.clone()));
            }
            _ => return event,
        }
        if self.whole.is_none() && self.required.matches_event(&placed).is_yes() {
            placed
        } else {
            event
        }
    }
}

fn unique(mut values: Vec<&str>) -> Vec<&str> {
    values.sort_unstable();
    values.dedup();
    values
}

fn patterns(paths: &[&Path<'_, '_>]) -> Vec<Pattern> {
    let mut patterns: Vec<Pattern> = Vec::new();
    for pattern in paths.iter().filter_map(|path| path.pattern()) {
        if patterns.iter().all(|other| other.text() != pattern.text()) {
            patterns.push(pattern.clone());
        }
    }
    patterns
}

/// What CloudTrail is known to write into the required events, wherever they come from. Facts about fields that no
/// pattern names would only slow a proof down.
pub(super) fn known(control: &Control, named: &dyn Fn(&str) -> bool) -> Assumptions {
    let mut assumptions = Assumptions::cloudtrail();
    for (field, fact) in facts(control.events) {
        if named(field.rsplit('.').next().unwrap_or(field)) {
            assumptions = match fact {
                Fact::Missing => assumptions.with_missing(field),
                Fact::Boolean(value) => assumptions.with_boolean(field, value),
                Fact::Text(values) => assumptions.with_string(field, values),
            };
        }
    }
    if !control.event_sources.is_empty() {
        let sources: Vec<&str> = control.event_sources.iter().map(String::as_str).collect();
        assumptions = assumptions.with_string("eventSource", &sources);
    }
    assumptions
}

enum Fact {
    Missing,
    Boolean(bool),
    /// One of these; any text if there are none.
    Text(&'static [&'static str]),
}

/// The record contents of the CloudTrail user guide, as far as filters ask for them.
fn facts(kind: EventKind) -> Vec<(&'static str, Fact)> {
    let mut facts = vec![
        ("eventVersion", Fact::Text(&[])),
        ("eventTime", Fact::Text(&[])),
        ("eventID", Fact::Text(&[])),
        ("sourceIPAddress", Fact::Text(&[])),
        ("userIdentity.type", Fact::Text(&[])),
    ];
    match kind {
        EventKind::Change => facts.extend([
            ("eventType", Fact::Text(&["AwsApiCall"])),
            ("eventCategory", Fact::Text(&["Management"])),
            ("readOnly", Fact::Boolean(false)),
            ("managementEvent", Fact::Boolean(true)),
            ("errorCode", Fact::Missing),
            ("errorMessage", Fact::Missing),
        ]),
        EventKind::Signin => facts.extend([
            ("readOnly", Fact::Boolean(false)),
            ("managementEvent", Fact::Boolean(true)),
            ("eventType", Fact::Text(&["AwsConsoleSignIn"])),
            ("eventCategory", Fact::Text(&["Management"])),
        ]),
        EventKind::FailedSignin => facts.extend([
            ("readOnly", Fact::Boolean(false)),
            ("managementEvent", Fact::Boolean(true)),
            ("eventType", Fact::Text(&["AwsConsoleSignIn"])),
            ("eventCategory", Fact::Text(&["Management"])),
            ("responseElements.ConsoleLogin", Fact::Text(&["Failure"])),
        ]),
        EventKind::Any => {}
    }
    facts
}
