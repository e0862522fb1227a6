//! The report for a terminal. Nothing that AWS or an event said reaches it without [`sanitize`].

use std::fmt::Write;

use super::report::{AccountReport, ControlReport, FindingReport, LinkReport};
use crate::assess::{Link, LinkState, Literal, Verdict};
use crate::escape::{sanitize, sanitize_capped};
use crate::event::Actor;

/// How much of one name is drawn in the chain, in characters.
const SHOWN_OF_NAME: usize = 120;

/// The report for people at a terminal: for each control the verdict, the chain with its broken link marked, the findings
/// with who caused them, and what would mend them; a table where there are several accounts. Control characters in names
/// are spelt out. `colour` adds ANSI colours and changes no word.
pub fn render_text(accounts: &[AccountReport], colour: bool) -> String {
    let mut terminal = Terminal {
        text: String::new(),
        colour,
    };
    for account in accounts {
        terminal.account(account);
    }
    if accounts.len() > 1 {
        terminal.table(accounts);
    }
    terminal.text
}

/// A colour or weight of ANSI terminals (SGR).
#[derive(Clone, Copy)]
enum Paint {
    Bold,
    Faint,
    Red,
    Green,
    Yellow,
}

impl Paint {
    const fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Faint => "2",
            Self::Red => "1;31",
            Self::Green => "32",
            Self::Yellow => "33",
        }
    }

    const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Green,
            Verdict::Fail => Self::Red,
            Verdict::Unknown => Self::Yellow,
        }
    }
}

struct Terminal {
    text: String,
    colour: bool,
}

impl Terminal {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{}m{text}\u{1b}[0m", paint.code())
        } else {
            text.to_owned()
        }
    }

    fn account(&mut self, account: &AccountReport) {
        let title = self.paint(Paint::Bold, &format!("account {}", account.account_id));
        self.line(&format!("{title}  {}", account.evaluated_at));
        for control in &account.controls {
            self.line("");
            self.control(control);
        }
        self.line("");
    }

    fn control(&mut self, control: &ControlReport) {
        let verdict = format!("{:<7}", control.verdict.name());
        let verdict = self.paint(Paint::of(control.verdict), &verdict);
        let number = control.cis.as_deref().unwrap_or("-");
        let title = self.paint(Paint::Bold, &sanitize(&control.title));
        self.line(&format!("{verdict} {:<5} {title}", sanitize(number)));
        let mut names = vec![sanitize(&control.key)];
        names.extend(control.security_hub.as_deref().map(sanitize));
        names.push(sanitize(&control.severity));
        let names = self.paint(Paint::Faint, &names.join(", "));
        self.line(&format!("              {names}"));
        if control.verdict == Verdict::Pass {
            let chain = control.links.iter().map(|one| one.link.name());
            let chain: Vec<&str> = chain.collect();
            self.line(&format!("  {}", chain.join("→")));
        } else {
            self.chain(control);
        }
        for finding in &control.findings {
            self.finding(finding);
        }
        for warning in &control.warnings {
            let mark = self.paint(Paint::Yellow, "!");
            let message = sanitize(&warning.message);
            self.line(&format!("  {mark} {}: {message}", warning.code.name()));
        }
        self.literal("the benchmark's audit text", control.literal.cis.as_ref());
        self.literal("Security Hub", control.literal.security_hub.as_ref());
    }

    /// The links from top to bottom, connected as far as the chain holds.
    fn chain(&mut self, control: &ControlReport) {
        let mut whole = true;
        for (index, one) in control.links.iter().enumerate() {
            let here = control.broken_link == Some(one.link);
            let rail = match (whole, index) {
                (true, 0) => "┌─",
                (true, _) => "├─",
                (false, _) => "┊ ",
            };
            whole = whole && one.state == LinkState::Ok;
            let line = self.link(one, here, control.verdict);
            self.line(&format!("  {rail}{line}"));
        }
    }

    fn link(&self, one: &LinkReport, here: bool, verdict: Verdict) -> String {
        let (mark, paint) = match one.state {
            LinkState::Ok => ("●", Paint::Green),
            LinkState::Broken => ("✗", Paint::Red),
            LinkState::Undecided => ("○", Paint::Yellow),
        };
        let resources: Vec<_> = one
            .resources
            .iter()
            .map(|name| sanitize_capped(name, SHOWN_OF_NAME))
            .collect();
        let line = format!(
            "{} {:<13} {}",
            self.paint(paint, mark),
            one.link.name(),
            resources.join(", ")
        );
        if here {
            let words = match verdict {
                Verdict::Fail => "◄ cut here",
                Verdict::Unknown | Verdict::Pass => "◄ undecided",
            };
            format!("{}  {}", line.trim_end(), self.paint(paint, words))
        } else {
            line
        }
    }

    fn finding(&mut self, finding: &FindingReport) {
        let link = self.paint(Paint::Bold, finding.link.name());
        self.line(&format!("  {link}: {}", sanitize(&finding.message)));
        if let Some(resource) = &finding.resource {
            self.detail("resource", &sanitize(resource));
        }
        if !finding.missing_events.is_empty() {
            self.detail("missing", &sanitize(&finding.missing_events.join(", ")));
        }
        if let Some(event) = &finding.counterexample {
            self.detail("example", &sanitize(&event.to_string()));
        }
        if let Some(actor) = &finding.actor {
            self.detail("by", &sanitize(&actor_line(actor)));
        }
        if let Some(remedy) = &finding.remedy {
            self.detail("remedy", &sanitize(remedy));
        }
    }

    fn detail(&mut self, name: &str, text: &str) {
        let name = self.paint(Paint::Faint, &format!("{name:<9}"));
        self.line(&format!("    {name} {text}"));
    }

    /// A literal reading, where it differs from the truth.
    fn literal(&mut self, reader: &str, literal: Option<&Literal>) {
        let Some((literal, differs)) = literal.and_then(|one| Some((one, one.differs.as_ref()?)))
        else {
            return;
        };
        let code = literal.code.map(|code| format!(" ({code})"));
        let line = format!(
            "  {reader} would say {}{}: {}",
            literal.verdict.name(),
            code.unwrap_or_default(),
            sanitize(differs)
        );
        self.line(&self.paint(Paint::Faint, &line));
    }

    fn table(&mut self, accounts: &[AccountReport]) {
        let head = format!(
            "{:<14}{:>6}{:>6}{:>9}  first broken link",
            "account", "PASS", "FAIL", "UNKNOWN"
        );
        let head = self.paint(Paint::Bold, &head);
        self.line(&head);
        for account in accounts {
            let mut line = String::new();
            // Writing to a String does not fail.
            let _ = write!(
                line,
                "{:<14}{:>6}{:>6}{:>9}  {}",
                account.account_id.as_str(),
                account.count(Verdict::Pass),
                account.count(Verdict::Fail),
                account.count(Verdict::Unknown),
                account.first_broken_link().map_or("", Link::name)
            );
            self.line(&line);
        }
    }
}

/// Who did it, as the event reports, in one line.
pub(crate) fn actor_line(actor: &Actor) -> String {
    let mut line = format!(
        "{}, {} at {}",
        actor.principal_arn.as_deref().unwrap_or("somebody unnamed"),
        actor.event_name,
        actor.time
    );
    if let Some(address) = &actor.source_address {
        line.push_str(", from ");
        line.push_str(address);
    }
    if let Some(agent) = &actor.user_agent {
        line.push_str(", with ");
        line.push_str(agent);
    }
    line.push_str(", event ");
    line.push_str(&actor.event_id);
    line
}

#[cfg(test)]
mod tests;
