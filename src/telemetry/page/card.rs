use jiff::Timestamp;
use maud::{Markup, html};

use super::{Entry, foreign, since};
use crate::assess::{LinkState, Literal, Verdict};
use crate::event::Actor;
use crate::heal::{Plan, Step, StepAction};
use crate::telemetry::report::{ControlReport, FindingReport, LinkReport};
use crate::telemetry::sanitize;
use crate::telemetry::status::ControlStatus;
use crate::telemetry::text::actor_line;

/// One control: verdict, picture, reasons, who, what to do.
pub(super) fn card(entry: Entry<'_>, now: Timestamp) -> Markup {
    let Entry { account, control } = entry;
    let report = &control.report;
    let class = match report.verdict {
        Verdict::Pass => "pass",
        Verdict::Fail => "fail",
        Verdict::Unknown => "unknown",
    };
    html! {
        article.card.(class) {
            h2 {
                span.verdict { (report.verdict.name()) }
                " " (number(control)) " " (foreign(&report.title))
            }
            p.facts {
                span { "account " (account.account_id) }
                @if let Some(region) = &report.region { span { (foreign(region)) } }
                span { (foreign(&report.key)) }
                @if let Some(number) = &report.security_hub { span { (foreign(number)) } }
                span { "severity " (foreign(&report.severity)) }
                span { (since(control.since, now)) }
            }
            (chain(report))
            @for finding in &report.findings { (finding_block(finding, control.actor.as_deref())) }
            @if let Some(actor) = &control.actor {
                div.block { h3 { "Who" } (actor_list(actor)) }
            }
            @if let Some(plan) = &control.plan { (plan_block(plan)) }
            @for warning in &report.warnings {
                p.warning { strong { (warning.code.name()) } ": " (foreign(&warning.message)) }
            }
            (literal("the benchmark's audit text", report.literal.cis.as_ref()))
            (literal("Security Hub", report.literal.security_hub.as_ref()))
        }
    }
}

/// The number that people know the control by.
pub(super) fn number(control: &ControlStatus) -> Markup {
    html! {
        @if let Some(number) = &control.report.cis { (foreign(number)) }
    }
}

fn chain(report: &ControlReport) -> Markup {
    html! {
        ol.chain {
            @for one in &report.links {
                (link(one, report.broken_link == Some(one.link)))
            }
        }
    }
}

fn link(one: &LinkReport, here: bool) -> Markup {
    let (class, mark, meaning) = match one.state {
        LinkState::Ok => ("ok", "✓", "holds"),
        LinkState::Broken => ("cut", "✗", "cut"),
        LinkState::Undecided => ("open", "?", "undecided"),
    };
    html! {
        li.(class) aria-current=[here.then_some("true")] {
            span.name { (one.link.name()) }
            span.state { span aria-hidden="true" { (mark) } " " (meaning) }
            @for name in one.resources.iter().take(3) { span.resource { (foreign(name)) } }
            @if one.resources.len() > 3 { span.resource { "+" (one.resources.len() - 3) " more" } }
        }
    }
}

/// A finding; who caused it is said here only if it is not the `culprit` that the card names anyway.
fn finding_block(finding: &FindingReport, culprit: Option<&Actor>) -> Markup {
    let other = finding.actor.as_ref().filter(|one| Some(*one) != culprit);
    html! {
        div.block {
            h3 { (finding.link.name()) ": " (foreign(&finding.message)) }
            dl {
                @if let Some(resource) = &finding.resource { dt { "resource" } dd { (foreign(resource)) } }
                @if !finding.missing_events.is_empty() {
                    dt { "missing" } dd { (foreign(&finding.missing_events.join(", "))) }
                }
                @if let Some(event) = &finding.counterexample {
                    dt { "example" } dd { (command(&event.to_string())) }
                }
                @if let Some(actor) = other { dt { "by" } dd { (foreign(&actor_line(actor))) } }
                @if let Some(remedy) = &finding.remedy { dt { "remedy" } dd { (command(remedy)) } }
            }
        }
    }
}

fn actor_list(actor: &Actor) -> Markup {
    let rows = [
        ("principal", actor.principal_arn.as_deref()),
        ("call", Some(actor.event_name.as_str())),
        ("from", actor.source_address.as_deref()),
        ("with", actor.user_agent.as_deref()),
        ("event", Some(actor.event_id.as_str())),
    ];
    html! {
        dl {
            @for (name, value) in rows {
                @if let Some(value) = value { dt { (name) } dd { (foreign(value)) } }
            }
            dt { "at" } dd { (super::clock(actor.time)) }
        }
    }
}

fn plan_block(plan: &Plan) -> Markup {
    html! {
        @if !plan.steps.is_empty() {
            div.block {
                h3 { "Plan" }
                ol.plan { @for step in &plan.steps { li { (plan_step(step)) } } }
            }
        }
    }
}

fn plan_step(step: &Step) -> Markup {
    html! {
        @match &step.action {
            StepAction::Repair(repair) => {
                span.kind { (repair.kind().operation()) } " " (foreign(&step.summary))
            }
            StepAction::Ask { reason, command: text } => {
                span.kind.ask { "needs a person" } " " (foreign(&step.summary))
                div.reason { (foreign(reason)) }
                div { (command(text)) }
            }
        }
    }
}

/// A text to be copied: whole, and still spelt out.
fn command(text: &str) -> Markup {
    html! { code { bdi { (sanitize(text)) } } }
}

/// A literal reading, where it differs from the truth.
fn literal(reader: &str, literal: Option<&Literal>) -> Markup {
    html! {
        @if let Some(one) = literal {
            @if let Some(differs) = &one.differs {
                p.literal {
                    (reader) " would say " strong { (one.verdict.name()) }
                    @if let Some(code) = one.code { " (" (code) ")" }
                    ": " (foreign(differs))
                }
            }
        }
    }
}
