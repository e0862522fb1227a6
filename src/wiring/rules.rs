//! Rules: does everything that has to come through a bus do so, by whichever rules?

use std::collections::BTreeSet;

use super::change::Change;
use super::compare::{Comparison, Difference};
use super::needs::{Needs, RuleGroup, RuleNeed};
use super::observed::{Observed, Rule, Sight, Target, Unseen};
use super::pattern::{Passes, Pattern};
use super::sample::Route;

/// Most calls that a problem names.
const NAMED: usize = 3;

/// Whether a rule leads where it has to.
#[derive(Clone, Copy)]
enum Leads<'a> {
    Yes,
    No,
    Unseen(&'a Unseen),
}

/// Compares the rules of a bus; answers the ARNs of those that carry what has to come through, or will once everything is right.
pub(super) fn compare(
    needs: &Needs,
    group: &RuleGroup,
    seen: &Observed,
    all: &mut Comparison,
) -> BTreeSet<String> {
    let arn = |rule: &str| {
        let place = needs.place(&group.region);
        needs.ground.rule_arn(&place, &group.bus, rule)
    };
    let empty = Vec::new();
    let rules = match seen.rules_of(&group.region, &group.bus) {
        Sight::Seen(rules) => rules,
        Sight::Absent => &empty,
        Sight::Unseen(unseen) => {
            for rule in &group.rules {
                all.unseen(needs.rule(group, &rule.name), unseen);
            }
            return group.rules.iter().map(|rule| arn(&rule.name)).collect();
        }
    };
    let read: Vec<Read<'_>> = rules
        .iter()
        .map(|rule| Read::of(rule, &group.target))
        .collect();
    let mut carriers = BTreeSet::new();
    for need in &group.rules {
        let mut missing = Vec::new();
        let mut open: Option<Open<'_>> = None;
        for route in &need.routes {
            match carried(&read, route) {
                Carried::By(names) => carriers.extend(names.into_iter().map(&arn)),
                Carried::Perhaps(why) => open = open.or(Some(why)),
                Carried::No => missing.push(route),
            }
        }
        let part = needs.rule(group, &need.name);
        match open {
            Some(Open::Unseen(unseen)) => all.unseen(part.clone(), unseen),
            Some(Open::Undecided(rule, what)) => all.undecided(
                part.clone(),
                format!("whether the pattern of rule {rule} lets every call through is not decided: {what}"),
            ),
            None => {}
        }
        if !missing.is_empty() {
            carriers.insert(arn(&need.name));
            let present = read.iter().find(|one| one.rule.name == need.name);
            let mut difference = Difference::new(part, present.is_none());
            amend(&mut difference, needs, group, need, present, &missing);
            all.differences.push(difference);
        }
    }
    carriers
}

enum Open<'a> {
    Unseen(&'a Unseen),
    Undecided(&'a str, String),
}

enum Carried<'a> {
    By(Vec<&'a str>),
    Perhaps(Open<'a>),
    No,
}

fn carried<'a>(rules: &[Read<'a>], route: &Route) -> Carried<'a> {
    let mut by = Vec::new();
    let mut open = None;
    for one in rules.iter().filter(|one| one.rule.enabled) {
        let name = one.rule.name.as_str();
        match (one.leads, one.lets_through(route)) {
            (Leads::No, _) | (_, Passes::No) => {}
            (Leads::Yes, Passes::Yes) => by.push(name),
            (_, Passes::Undecided(what)) => open = Some(Open::Undecided(name, what)),
            (Leads::Unseen(unseen), Passes::Yes) => open = Some(Open::Unseen(unseen)),
        }
    }
    match open {
        _ if !by.is_empty() => Carried::By(by),
        Some(why) => Carried::Perhaps(why),
        None => Carried::No,
    }
}

/// A rule, read once for all routes.
struct Read<'a> {
    rule: &'a Rule,
    pattern: Option<Pattern>,
    leads: Leads<'a>,
}

impl<'a> Read<'a> {
    fn of(rule: &'a Rule, target: &Target) -> Self {
        Self {
            rule,
            pattern: rule.pattern.as_deref().map(Pattern::read),
            leads: leads(rule, target),
        }
    }

    fn lets_through(&self, route: &Route) -> Passes {
        let pattern = self.pattern.as_ref();
        pattern.map_or(Passes::No, |pattern| pattern.passes(route))
    }
}

fn leads<'a>(rule: &'a Rule, wanted: &Target) -> Leads<'a> {
    let is_right = |target: &Target| {
        target.arn == wanted.arn
            && !target.transforms
            // A queue is let in by its policy, whatever the role.
            && (wanted.role_arn.is_none() || target.role_arn == wanted.role_arn)
    };
    match &rule.targets {
        Sight::Seen(targets) if targets.iter().any(is_right) => Leads::Yes,
        Sight::Seen(_) | Sight::Absent => Leads::No,
        Sight::Unseen(unseen) => Leads::Unseen(unseen),
    }
}

/// Says what is wrong with the rule that has to carry what nobody carries, and how to make it right.
fn amend(
    difference: &mut Difference,
    needs: &Needs,
    group: &RuleGroup,
    need: &RuleNeed,
    read: Option<&Read<'_>>,
    missing: &[&Route],
) {
    let present = read.map(|one| one.rule);
    let state = |enabled| if enabled { "ENABLED" } else { "DISABLED" };
    let pattern = present.and_then(|rule| rule.pattern.as_deref());
    let blocked: Vec<&Route> = need
        .routes
        .iter()
        .filter(|route| read.is_none_or(|one| one.lets_through(route) != Passes::Yes))
        .collect();
    let is_enabled = present.is_some_and(|rule| rule.enabled);
    if present.is_none() {
        difference.problem(format!("it is not there: {} do not arrive", named(missing)));
    } else {
        if !is_enabled {
            difference.problem("it is disabled");
        }
        if !blocked.is_empty() {
            difference.problem(format!("its pattern keeps {} away", named(&blocked)));
        }
    }
    if !is_enabled || !blocked.is_empty() {
        if present.is_some() && !is_enabled {
            difference.detail("State", Some(state(false)), Some(state(true)));
        }
        // What lets everything through stays as it is.
        let wanted = match pattern {
            Some(pattern) if blocked.is_empty() => pattern,
            _ => &need.pattern,
        };
        if pattern != Some(wanted) {
            difference.detail("EventPattern", pattern, Some(wanted));
        }
        difference.changes.push(Change::PutRule {
            place: needs.place(&group.region),
            bus: group.bus.clone(),
            name: need.name.clone(),
            pattern: wanted.to_owned(),
            is_new: present.is_none(),
        });
    }
    if read.is_some_and(|one| matches!(one.leads, Leads::Yes)) {
        return;
    }
    let targets = present.and_then(|rule| rule.targets.seen());
    let former = targets.map(|targets| targets.iter().map(said).collect::<Vec<_>>().join(", "));
    if let Some(rule) = present {
        difference.problem(match targets {
            Some(targets)
                if targets
                    .iter()
                    .any(|one| one.arn == group.target.arn && one.transforms) =>
            {
                format!(
                    "its target {} gets something else than the event",
                    group.target.arn
                )
            }
            Some(targets) if targets.iter().any(|one| one.arn == group.target.arn) => {
                let role = group.target.role_arn.as_deref().unwrap_or_default();
                format!(
                    "its target {} is not sent to with role {role}",
                    group.target.arn
                )
            }
            Some(_) => format!("it does not lead to {}", group.target.arn),
            None => format!("whether it leads to {} was not seen", rule.name),
        });
    }
    let wanted = said(&group.target);
    difference.detail(
        "Targets",
        former.as_deref().filter(|text| !text.is_empty()),
        Some(&wanted),
    );
    difference.changes.push(Change::PutTarget {
        place: needs.place(&group.region),
        bus: group.bus.clone(),
        rule: need.name.clone(),
        target: group.target.clone(),
    });
}

/// A target for people.
fn said(target: &Target) -> String {
    let with = target.role_arn.as_ref();
    let with = with.map_or_else(String::new, |role| format!(" with role {role}"));
    let input = if target.transforms {
        ", transformed"
    } else {
        ""
    };
    format!("{}{with}{input}", target.arn)
}

/// The first few, and how many more.
fn named(routes: &[&Route]) -> String {
    let mut names: Vec<String> = routes.iter().map(|route| route.name()).collect();
    names.dedup();
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    let text = names.join(", ");
    if more == 0 {
        text
    } else {
        format!("{text} and {more} more")
    }
}
