//! GitHub Flavored Markdown, for a pull request or a ticket: <https://github.github.com/gfm/>.

use crate::assess::{Link, Literal, Verdict};
use crate::telemetry::report::FindingReport;
use crate::telemetry::{AccountReport, ControlReport, sanitize};

const VERDICTS: [(Verdict, &str); 3] = [
    (Verdict::Fail, "FAIL"),
    (Verdict::Unknown, "UNKNOWN"),
    (Verdict::Pass, "PASS"),
];

/// A summary, then each control that does not pass with its findings and what mends them.
pub(super) fn render(accounts: &[AccountReport]) -> String {
    let mut page = Page::default();
    let counts = VERDICTS.map(|(verdict, word)| {
        let count: usize = accounts.iter().map(|one| one.count(verdict)).sum();
        format!("{count} {word}")
    });
    page.block(&format!("# trailwarden: {}", counts.join(", ")));
    if accounts.len() > 1 {
        page.row(&["account", "PASS", "FAIL", "UNKNOWN", "first broken link"]);
        page.row(&["---", "--:", "--:", "--:", "---"]);
        for account in accounts {
            page.row(&[
                account.account_id.as_str(),
                &account.count(Verdict::Pass).to_string(),
                &account.count(Verdict::Fail).to_string(),
                &account.count(Verdict::Unknown).to_string(),
                account.first_broken_link().map_or("", Link::name),
            ]);
        }
        page.block("");
    }
    for account in accounts {
        page.account(account);
    }
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A block of its own.
    fn block(&mut self, text: &str) {
        if !text.is_empty() {
            self.line(text);
        }
        self.line("");
    }

    fn row(&mut self, cells: &[&str]) {
        self.line(&format!("| {} |", cells.join(" | ")));
    }

    fn account(&mut self, account: &AccountReport) {
        self.block(&format!("## Account {}", account.account_id));
        self.block(&format!("Looked at {}.", account.evaluated_at));
        self.row(&["verdict", "CIS", "control", "title", "broken link"]);
        self.row(&["---"; 5]);
        for control in &account.controls {
            self.row(&[
                word(control.verdict),
                &escaped(control.cis.as_deref().unwrap_or_default()),
                &cell_code(&control.key),
                &escaped(&control.title),
                control.broken_link.map_or("", Link::name),
            ]);
        }
        self.block("");
        for control in &account.controls {
            if control.verdict != Verdict::Pass {
                self.control(control);
            }
        }
        self.warnings(account);
    }

    fn control(&mut self, control: &ControlReport) {
        let number = control.cis.as_deref().unwrap_or_default();
        let title = format!("{number} {}", control.title);
        let heading = format!("### {}: {}", word(control.verdict), escaped(title.trim()));
        self.block(&heading);
        for finding in &control.findings {
            self.finding(finding);
        }
        let literal = &control.literal;
        let readings = [
            ("The benchmark's audit text", &literal.cis),
            ("Security Hub", &literal.security_hub),
        ];
        for (reader, literal) in readings {
            if let Some(line) = literal.as_ref().and_then(|one| reading(reader, one)) {
                self.block(&line);
            }
        }
    }

    fn finding(&mut self, finding: &FindingReport) {
        let message = escaped(&finding.message);
        self.block(&format!(
            "**{}**: {message}",
            finding.link.name().replace('_', " ")
        ));
        let missing = finding.missing_events.iter().map(|name| code(name));
        let missing: Vec<String> = missing.collect();
        let details = [
            finding.resource.as_deref().map(|it| ("resource", code(it))),
            (!missing.is_empty()).then(|| ("missing events", missing.join(", "))),
            finding
                .counterexample
                .as_ref()
                .map(|event| ("example", code(&event.to_string()))),
        ];
        let mut is_list = false;
        for (name, text) in details.into_iter().flatten() {
            self.line(&format!("- {name}: {text}"));
            is_list = true;
        }
        if is_list {
            self.line("");
        }
        if let Some(remedy) = &finding.remedy {
            self.block(&fenced(remedy));
        }
    }

    fn warnings(&mut self, account: &AccountReport) {
        let mut any = false;
        for control in &account.controls {
            for warning in &control.warnings {
                if !any {
                    self.block("### Warnings");
                }
                any = true;
                let key = code(&control.key);
                let message = escaped(&warning.message);
                self.line(&format!(
                    "- {key}, {}: {message}",
                    escaped(warning.code.name())
                ));
            }
        }
        if any {
            self.line("");
        }
    }
}

fn word(verdict: Verdict) -> &'static str {
    VERDICTS
        .into_iter()
        .find(|(one, _)| *one == verdict)
        .map_or("", |(_, word)| word)
}

/// A literal reading, where it differs from the truth.
fn reading(reader: &str, literal: &Literal) -> Option<String> {
    let why = literal.differs.as_ref()?;
    let code = literal.code.map(|one| format!(" ({})", code(one)));
    Some(format!(
        "{reader} would say {}{}: {}",
        literal.verdict.name(),
        code.unwrap_or_default(),
        escaped(why)
    ))
}

/// A text as prose: what would be markup, an automatic link or a mention is only text. GFM 2.4 lets any punctuation of
/// ASCII be escaped; a mention is found after the escapes are gone, so its sign is spelt out as [`sanitize`] spells.
fn escaped(text: &str) -> String {
    let seen = sanitize(text);
    let mut prose = String::with_capacity(seen.len() + 16);
    let mut before = ' ';
    let mut rest = seen.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '@' if !before.is_alphanumeric() => prose.push_str(r"\\u\{40\}"),
            // Ends of sentences link nothing.
            '.' if !rest.peek().is_some_and(|next| next.is_alphanumeric()) => prose.push('.'),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '!' | '|' | '~'
            | '&' | '@' | ':' | '.' | '$' => {
                prose.push('\\');
                prose.push(character);
            }
            other => prose.push(other),
        }
        before = character;
    }
    prose
}

/// A text as a code span (GFM 6.3): in more backticks than stand in it.
fn code(text: &str) -> String {
    let seen = sanitize(text);
    let fence = "`".repeat(longest_run(&seen) + 1);
    let is_edge = |character| matches!(character, '`' | ' ');
    let pad = if seen.is_empty() || seen.starts_with(is_edge) || seen.ends_with(is_edge) {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{seen}{pad}{fence}")
}

/// A code span in a cell: a table is split at pipes before anything else is read (GFM 4.10).
fn cell_code(text: &str) -> String {
    code(text).replace('|', r"\|")
}

/// A fenced block (GFM 4.5) of one line.
fn fenced(text: &str) -> String {
    let seen = sanitize(text);
    let fence = "`".repeat(longest_run(&seen).max(2) + 1);
    let language = if seen.starts_with("aws ") {
        "sh"
    } else {
        "text"
    };
    format!("{fence}{language}\n{seen}\n{fence}")
}

/// The length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`')
        .map(str::len)
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
