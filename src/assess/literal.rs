//! What others would say: the audit text of the CIS benchmark, read word for word, and Security Hub's documented rule.
//!
//! Both look at whether the links are there, and compare the pattern's text. White space is not compared: the copies of
//! the prescribed texts differ in it themselves.

use super::alarm::in_region;
use super::fault::Fault;
use super::index::{Index, unseen_filters};
use super::trail::Observed;
use super::world::World;
use super::{Assessment, Link, Literal, LiteralVerdict, Verdict, subscription, topic};
use crate::control::{Benchmark, Control, Prescribed};
use crate::snapshot::{Alarm, EventSelectors, MetricFilter, PENDING_CONFIRMATION, Subscription};
use crate::snapshot::{Arn, LogGroupArn};

/// Where a reading ends, and how far it came: readings of several paths are compared by that.
#[derive(Debug, Clone)]
struct Reading {
    step: u8,
    verdict: LiteralVerdict,
    code: Option<&'static str>,
    why: String,
}

impl Reading {
    fn fail(step: u8, code: &'static str, why: impl Into<String>) -> Self {
        Self {
            step,
            verdict: LiteralVerdict::Fail,
            code: Some(code),
            why: why.into(),
        }
    }

    /// It hinges on what was not seen, and passes perhaps.
    fn unseen(why: impl Into<String>) -> Self {
        Self {
            step: u8::MAX - 1,
            verdict: LiteralVerdict::NoData,
            code: None,
            why: why.into(),
        }
    }

    /// The reading, where what it took for granted was seen; at another answer that does not matter.
    fn provided(self, unseen: Option<Fault>) -> Self {
        match unseen {
            Some(fault) if self.verdict == LiteralVerdict::Pass => Self::unseen(&*fault.message),
            _ => self,
        }
    }

    /// The reading, where nothing that would better it may be among what was not seen.
    fn unless(self, hidden: Option<Fault>) -> Self {
        match hidden {
            Some(fault) if self.verdict != LiteralVerdict::Pass => Self::unseen(&*fault.message),
            _ => self,
        }
    }

    fn pass() -> Self {
        Self {
            step: u8::MAX,
            verdict: LiteralVerdict::Pass,
            code: None,
            why: String::new(),
        }
    }
}

/// Adds both readings to an assessment.
pub(super) fn add(
    assessment: &mut Assessment,
    index: &Index<'_>,
    control: &Control,
    benchmark: &Benchmark,
) {
    if control.number.is_some() {
        let text = |one: &Prescribed| match benchmark {
            Benchmark::Cis(_) => one.is_prescribed_by(benchmark),
            Benchmark::Any | Benchmark::SecurityHub => !one.cis.is_empty(),
        };
        let mut reading = read(index, control, &text, false);
        reading.code = None;
        assessment.literal_cis = Some(compare(&reading, assessment));
    }
    if control.security_hub.is_some() {
        let reading = read(index, control, &|one| one.security_hub.is_some(), true);
        assessment.literal_security_hub = Some(compare(&reading, assessment));
    }
}

/// Says why a reading differs from the truth.
fn compare(reading: &Reading, assessment: &Assessment) -> Literal {
    let says_yes = reading.verdict == LiteralVerdict::Pass;
    let is_true = assessment.verdict == Verdict::Pass;
    let differs = match (says_yes, is_true) {
        (true, false) => {
            let truth = assessment
                .findings
                .iter()
                .find(|one| Some(one.link) == assessment.broken_link);
            Some(format!(
                "It looks at whether the links are there, not at whether they work: {}",
                truth.map_or("the truth is not known.", |finding| &finding.message)
            ))
        }
        (false, true) => Some(format!("{} The chain notifies all the same.", reading.why)),
        (false, false)
            if assessment.verdict == Verdict::Unknown
                && reading.verdict == LiteralVerdict::Fail =>
        {
            Some(format!(
                "{} Whether the chain notifies is not known.",
                reading.why
            ))
        }
        _ => None,
    };
    Literal {
        verdict: reading.verdict,
        code: reading.code,
        differs,
    }
}

fn read(
    index: &Index<'_>,
    control: &Control,
    text: &dyn Fn(&Prescribed) -> bool,
    is_security_hub: bool,
) -> Reading {
    let observed: Vec<Observed<'_>> = index
        .heads
        .iter()
        .filter_map(|head| head.observed)
        .collect();
    // A multi-region trail shows in every region: only where none answered is one hidden.
    let mut hidden = index
        .heads
        .iter()
        .filter(|head| head.observed.is_none() && head.only_region.is_none())
        .flat_map(|head| head.faults.iter().cloned());
    let none = Reading::fail(
        0,
        "CLOUDTRAIL_MULTI_REGION_NOT_PRESENT",
        "There is no multi-region trail that logs, records all management events and delivers to a log group.",
    );
    observed
        .iter()
        .map(|observed| read_trail(index, observed, control, text, is_security_hub))
        .max_by_key(|reading| reading.step)
        .unwrap_or(none)
        .unless(hidden.next())
}

fn read_trail(
    index: &Index<'_>,
    observed: &Observed<'_>,
    control: &Control,
    text: &dyn Fn(&Prescribed) -> bool,
    is_security_hub: bool,
) -> Reading {
    let trail = observed.trail;
    let fail = |why: &str| Reading::fail(0, "CLOUDTRAIL_MULTI_REGION_NOT_PRESENT", why);
    if !trail.is_multi_region_trail {
        return fail("The trail is no multi-region trail.");
    }
    if is_security_hub && observed.account() != index.world.account() {
        return Reading {
            step: 1,
            verdict: LiteralVerdict::NoData,
            code: None,
            why: "The trail belongs to another account, which Security Hub does not look into."
                .to_owned(),
        };
    }
    let looks_from = index.world.snapshot.observer_region.as_deref();
    if is_security_hub && looks_from.is_some_and(|region| region != observed.home()) {
        return Reading {
            step: 1,
            verdict: LiteralVerdict::Warning,
            code: Some("CLOUDTRAIL_REGION_INVAILD"),
            why: "The trail is of another region than the one that Security Hub looks at."
                .to_owned(),
        };
    }
    let is_logging = observed.status().and_then(|status| status.is_logging);
    if is_logging == Some(false) {
        return fail("The trail does not log.");
    }
    if !observed.selectors().is_none_or(selects_everything) {
        return fail("The trail does not record management events with ReadWriteType All.");
    }
    let group = trail
        .cloud_watch_logs_log_group_arn
        .as_deref()
        .and_then(LogGroupArn::parse);
    let Some(group) = group else {
        return fail("The trail delivers to no log group.");
    };
    let Some(world) = index.world.of_account(group.account) else {
        return Reading::unseen(format!(
            "Log group {} belongs to account {}, which was not seen.",
            group.name, group.account
        ));
    };
    let mut unseen = observed
        .faults()
        .into_iter()
        .chain(observed.unseen_selectors());
    read_filters(world, &group, control, text).provided(unseen.find(|fault| !fault.is_broken()))
}

fn read_filters(
    world: World<'_>,
    group: &LogGroupArn<'_>,
    control: &Control,
    text: &dyn Fn(&Prescribed) -> bool,
) -> Reading {
    let hidden = unseen_filters(world, group.region, group.name);
    let filters: Vec<&MetricFilter> = world
        .snapshot
        .metric_filters
        .iter()
        .flatten()
        .filter(|filter| filter.log_group_name == group.name && filter.region == group.region)
        .collect();
    if filters.is_empty() {
        let why = "The log group has no metric filter.";
        return Reading::fail(2, "CLOUDTRAIL_METRIC_FILTERS_NOT_PRESENT", why).unless(hidden);
    }
    let accepted: Vec<&str> = control
        .prescribed
        .iter()
        .filter(|one| text(one))
        .map(|one| one.pattern.text())
        .collect();
    filters
        .into_iter()
        .filter(|filter| {
            let deployed = filter.filter_pattern.as_deref().unwrap_or_default();
            accepted.iter().any(|text| {
                // From the end: nearly all begin alike.
                without_space(text).rev().eq(without_space(deployed).rev())
            })
        })
        .map(|filter| read_alarms(world, filter))
        .max_by_key(|reading| reading.step)
        .unwrap_or_else(|| {
            Reading::fail(
                3,
                "CLOUDTRAIL_METRIC_FILTER_NOT_VALID",
                "No metric filter has the prescribed text.",
            )
        })
        .unless(hidden)
}

fn selects_everything(selectors: &EventSelectors) -> bool {
    let basic = selectors.event_selectors.as_deref().unwrap_or_default();
    let advanced = selectors
        .advanced_event_selectors
        .as_deref()
        .unwrap_or_default();
    let all_basic = basic.iter().any(|selector| {
        selector.include_management_events.unwrap_or(true)
            && selector.read_write_type.as_deref().unwrap_or("All") == "All"
    });
    let all_advanced = advanced.iter().any(|selector| {
        let is_management = selector.field_selectors.iter().any(|field| {
            field.field == "eventCategory" && field.equals.iter().any(|value| value == "Management")
        });
        is_management
            && selector
                .field_selectors
                .iter()
                .all(|field| field.field != "readOnly")
    });
    (basic.is_empty() && advanced.is_empty()) || all_basic || all_advanced
}

fn read_alarms(world: World<'_>, filter: &MetricFilter) -> Reading {
    let region = filter.region.as_str();
    let hole = world.list_hole(
        world.snapshot.alarms.as_ref(),
        "cloudwatch:DescribeAlarms",
        region,
    );
    let hidden = hole.map(|hole| {
        let meaning = "whether an alarm names the filter's metric is not known.";
        hole.fault(Link::Alarm, meaning)
    });
    let looks_at_it = |alarm: &Alarm| {
        filter.metric_transformations.iter().any(|one| {
            alarm.metric_name.as_deref() == Some(one.metric_name.as_str())
                && alarm.namespace.as_deref() == Some(one.metric_namespace.as_str())
        })
    };
    let alarms = in_region(world, region, looks_at_it);
    if alarms.is_empty() {
        let why = "No alarm names the filter's metric.";
        return Reading::fail(4, "CLOUDWATCH_ALARMS_NOT_PRESENT", why).unless(hidden);
    }
    let topics: Vec<&String> = alarms
        .iter()
        .filter(|alarm| alarm.actions_enabled != Some(false))
        .flat_map(|alarm| &alarm.alarm_actions)
        .filter(|action| Arn::topic(action).is_some())
        .collect();
    topics
        .into_iter()
        .map(|topic| read_topic(world, topic))
        .max_by_key(|reading| reading.step)
        .unwrap_or_else(|| {
            Reading::fail(
                5,
                "CLOUDWATCH_ALARM_ACTIONS_NOT_VALID",
                "The alarm has no SNS topic among its enabled actions.",
            )
        })
        .unless(hidden)
}

fn read_topic(world: World<'_>, topic_arn: &str) -> Reading {
    let arn = Arn::topic(topic_arn);
    let is_foreign = arn.is_some_and(|arn| arn.account != world.account());
    let listed = world.topic(topic_arn);
    let confirmed = |one: &Subscription| {
        one.topic_arn == topic_arn
            && Arn::parse(&one.subscription_arn).is_some()
            && one.subscription_arn != PENDING_CONFIRMATION
    };
    let mut subscriptions = world.snapshot.subscriptions.iter().flatten();
    if subscriptions.any(confirmed) {
        Reading::pass()
    } else if is_foreign {
        Reading {
            step: 7,
            verdict: LiteralVerdict::Warning,
            code: Some("SNS_TOPIC_CROSS_ACCOUNT"),
            why: "The topic belongs to another account, whose subscriptions cannot be listed."
                .to_owned(),
        }
    } else if listed.is_some() {
        Reading::fail(
            7,
            "SNS_SUBSCRIPTION_NOT_PRESENT",
            "The topic has no confirmed subscription.",
        )
        .unless(subscription::unlisted(world, topic_arn, listed))
    } else {
        let hidden = topic::missing(world, topic_arn, arn).filter(|fault| !fault.is_broken());
        Reading::fail(6, "SNS_TOPIC_INVALID", "The topic does not exist.").unless(hidden)
    }
}

fn without_space(text: &str) -> impl DoubleEndedIterator<Item = char> {
    let mut in_quotes = false;
    text.chars().filter(move |c| {
        if *c == '"' {
            in_quotes = !in_quotes;
        }
        in_quotes || !c.is_whitespace()
    })
}
